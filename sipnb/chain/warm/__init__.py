"""Notebooks without cold starts: kernels forked from a process that has imported everything and used nothing.

Importing pandas, matplotlib, statsmodels and the kernel's own machinery takes longer than most chapters. Here it is
done once, in a process without threads or connections; every notebook still has a process of its own.
"""
