"""The room that the two ways to choose data share: what they are compared with, on what, and the work on a real corpus.

It is no runner: it has no claim of its own. The methods stay in their runners' method.py; here they meet the samplers
they are compared with, a corpus of known truth, a small LM to train, and files.

samplers      every way to choose behind one interface: score(docs) -> scores, select(scores, fraction, seed)
clusters      SemDeDup and prototypes
prose, noise  a corpus whose truth is known: real English prose by topic, and generated text that is worth little
training      a small LM from scratch, its loss on two validation sets
records       JSONL, Parquet and text folders, compressed or not, read in parts
job           a corpus scored part by part: resumable, in constant memory
ranking       the k largest of more numbers than fit in memory
keeping       what was chosen, written in the input's own form
command       the same as a command, and on Ray
"""
