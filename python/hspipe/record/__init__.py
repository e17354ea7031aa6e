"""Records trainings of PyTorch, Lightning, Keras and Hugging Face, each by a module of the library's name.

A loop of your own calls `hspipe.Recorder.log` with what each step computes anyway: that costs no time, and each sample
is judged by the weights that the epoch has come to when its turn is. The modules here make a pass over the data after
each epoch instead: all samples are judged by the same weights, without dropout, and no training step has to be changed;
it takes a third to two thirds of the epoch's time. Give them the data as they are to be judged, without augmentation.

None of the libraries is imported before its module is.
"""
