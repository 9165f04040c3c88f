// `import NNRuntime` alone serves: graphs and their functions are part of what it offers.

@_exported import NNIR
