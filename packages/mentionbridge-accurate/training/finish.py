"""Write the file that is shipped from the part that was taught all rows.

python finish.py work/ ../src/mentionbridge_accurate/encoder.onnx
"""

import sys
from pathlib import Path

import torch
from export import export

if __name__ == "__main__":
    export(torch.load(Path(sys.argv[1]) / "all.pt", weights_only=False)["net"], Path(sys.argv[2]))
