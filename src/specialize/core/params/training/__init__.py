"""Parts of the params of training: the optimizer, start checkpoints, replay."""
