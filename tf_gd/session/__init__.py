"""A training session on disk: it survives Ctrl-C, a kill and a full disk, and goes on to the very same bits.

    DIRECTORY/
      session.json       what is trained, and the state that is certain: replaced as a whole at every checkpoint
      manifest.txt       every name that the session wrote; nothing else is ever removed
      rows/              the trajectory so far, a .npy file for each checkpoint that had rows to keep
      checkpoint-STEP/   TensorFlow's own checkpoint of m, c and global_step (engine "tensorflow")
      log.txt            what happened, a line each
      lock               held by the process that trains

Everything is written beside its place, flushed to the disk and renamed, and only the renaming of session.json makes it
count: a process that dies in between leaves files that no session.json knows, and the next one removes them.
"""

from tf_gd.session.signals import Interrupted as Interrupted
from tf_gd.session.training import train_in as train_in
