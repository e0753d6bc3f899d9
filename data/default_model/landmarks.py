"""The 68 iBUG landmarks as vertices of the head: where annotators of photographs click, as landmark_study.py measures."""

import numpy as np

# Vertices of the head: the "level 0" line that landmark_study.py prints, but for eyes and inner lips, where the coarse mesh
# has one loop that opens and closes.
LANDMARKS = np.array(
    [
        *(1823, 1817, 1306, 738, 764, 762, 1186, 779, 601, 2554, 2939, 2537, 2539, 2516, 3055, 3548, 3554),  # jaw
        *(158, 128, 125, 126, 111, 1955, 1969, 1968, 1971, 1996),  # brows
        *(70, 69, 104, 197, 189, 216, 246, 2048, 2027),  # nose
        *(1850, 1826, 1832, 1838, 1841, 1845, 3569, 3563, 3557, 3581, 3576, 3572),  # eyes: margins of the lids
        *(370, 336, 337, 345, 2166, 2165, 2192, 2138, 2181, 363, 355, 309),  # outer lips
        *(328, 349, 351, 2176, 2157, 2206, 392, 386),  # inner lips: where they meet
    ]
)
# Vertices of the once subdivided head: the "level 1" line that landmark_study.py prints.
FINER_LANDMARKS = np.array(
    [
        *(13756, 13536, 1306, 12627, 5512, 762, 13039, 779, 5488, 2554, 14796, 2537, 9061, 14387, 3055, 15286, 15506),  # jaw
        *(158, 128, 4386, 126, 4356, 8066, 1969, 8093, 1971, 1996),  # brows
        *(4256, 69, 104, 4583, 189, 12245, 4637, 14008, 2027),  # nose
        *(1849, 920, 4111, 4124, 7783, 6268, 7863, 7850, 2685, 3580, 9727, 11157),  # eyes
        *(4985, 4841, 4906, 4913, 8566, 8501, 8620, 2138, 8602, 363, 4952, 309),  # outer lips
        *(12991, 4935, 4940, 8589, 14748, 2186, 364, 360),  # inner lips
    ]
)
