"""Errors are counted by kind of text, complaints and the rest apart."""

import numpy as np

from mentionbridge.classify.mistakes import LEAST, Kind, kinds
from mentionbridge.classify.rows import Row
from mentionbridge.classify.trials import Trial


def test_missed_complaints_and_false_alarms_are_shares_of_their_own_side() -> None:
    asks, thanks = Row("when do you open?", complaint=False), Row("thanks for nothing, it broke", complaint=True)
    rows = [asks] * LEAST + [thanks] * LEAST + [Row("sausage", complaint=False)]
    truth = np.array([float(row.complaint) for row in rows])
    found = np.array([0.9] * 10 + [0.1] * (LEAST - 10) + [0.2] * 30 + [0.8] * (LEAST - 30) + [0.1])
    told = {kind.name: kind for kind in kinds(Trial(rows, truth, found, ()))}
    assert told["asks"] == Kind("asks", LEAST, 0.0, 0.25)
    assert told["names a failure"] == Kind("names a failure", LEAST, 0.75, 0.0)
    assert told["all of them"].texts == len(rows)
    assert "holds no word of our lists" not in told
