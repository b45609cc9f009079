"""The uncertainty benchmark: which measure of uncertainty from sampled answers knows when a model is wrong?"""
