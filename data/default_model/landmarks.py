"""The 68 iBUG landmarks as vertices of the head: where annotators of photographs click, as landmark_study.py measures."""

import numpy as np

# Vertices of the head: the "level 0" line that landmark_study.py prints, but for eyes and inner lips, where the coarse mesh
# has one loop that opens and closes.
LANDMARKS = np.array(
    [
        *(1823, 1789, 1306, 776, 764, 762, 760, 779, 601, 2554, 2535, 2537, 2539, 2551, 3055, 3520, 3554),  # jaw
        *(158, 128, 132, 126, 111, 1955, 1969, 1974, 1971, 1996),  # brows
        *(70, 69, 81, 197, 223, 216, 246, 2048, 2054),  # nose
        *(1850, 1826, 1832, 1838, 1841, 1845, 3569, 3563, 3557, 3581, 3576, 3572),  # eyes: margins of the lids
        *(1220, 336, 341, 345, 2169, 2165, 2973, 2138, 2181, 363, 355, 309),  # outer lips
        *(328, 349, 351, 2176, 2157, 2206, 392, 386),  # inner lips: where they meet
    ]
)
# Vertices of the once subdivided head: the "level 1" line that landmark_study.py prints.
FINER_LANDMARKS = np.array(
    [
        *(1823, 7747, 1306, 12627, 5512, 762, 13039, 779, 601, 2554, 14796, 2537, 9061, 14387, 3055, 11121, 3554),  # jaw
        *(158, 4392, 12163, 126, 4356, 8066, 1969, 13926, 8099, 1996),  # brows
        *(4256, 69, 4284, 197, 4559, 12245, 4637, 14008, 8249),  # nose
        *(1849, 920, 4111, 12091, 7783, 6268, 13855, 7850, 2685, 3580, 9727, 11157),  # eyes
        *(13018, 4841, 4906, 4913, 8566, 8501, 14775, 2138, 8602, 363, 4952, 309),  # outer lips
        *(372, 4935, 4940, 8589, 2194, 2186, 364, 360),  # inner lips
    ]
)
