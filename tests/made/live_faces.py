"""Faces as they are streamed: turned, moved, and with an expression."""

import dataclasses

import numpy as np
from standins import frontal

from morph.frames import Frame
from morph.live.message import frame_message
from morph.model import Decoder, load_default_model
from morph.tracking import Face

FRAME = Frame(7, 0.28, np.zeros((240, 320, 3), np.uint8), "000007")


def posed_face(model, rotation=((1, 0, 0), (0, 1, 0), (0, 0, 1)), place=(0.0, 0.0), number=0, **weights):
    """A face turned and moved in a picture of 320 x 240."""
    expression = np.zeros(model.n_expression, np.float32)
    for name, weight in weights.items():
        row = model.expression_names.index(name)
        expression[row] = weight / model.expression_std[row]
    pose = dataclasses.replace(
        frontal(model, 64),
        expression=expression,
        rotation=np.float32(rotation),
        scale=np.float32(0.5),
        translation=np.float32([159.5 + place[0], 119.5 + place[1]]),
    )
    return Face(7, 0.28, number, np.zeros(4), 0.9, pose, np.zeros((68, 2)), Decoder(model))


def turned(nose, crown):
    """The rotation that brings nose and crown of the model's rest pose to these directions: x right, y up, z to the viewer."""
    z, y = np.asarray(nose, float), np.asarray(crown, float)
    return np.stack([np.cross(y, z), y, z], 1)


def message_of(*faces):
    """What streams are given of a frame with these faces."""
    return frame_message(FRAME, list(faces))


def winking():
    """The default model 0.5 rad to its left, the left eye shut, smiling on the right, looking 15 degrees to its left."""
    return posed_face(
        load_default_model(0),
        turned([np.sin(0.5), 0, np.cos(0.5)], [0, 1, 0]),
        (20.0, 10.0),
        eyeBlinkLeft=1.0,
        mouthSmileRight=0.7,
        eyeLookOutLeft=0.5,
        eyeLookInRight=0.5,
    )
