"""The tokenizer of GPT-2, from its published merges."""

from llmlite import storage
from llmlite.text.bpe import BPETokenizer, parse_merges

END_OF_TEXT = "<|endoftext|>"


def gpt2() -> BPETokenizer:
    """Return GPT-2's tokenizer: 256 bytes, 50,000 merges, and `<|endoftext|>` as 50256.

    Raises:
        DownloadError: the merges lie nowhere on this machine, and cannot be downloaded.

    Reference: radford2019.
    """
    text = storage.fetch(*storage.GPT2_MERGES).read_text(encoding="utf-8")
    _version, *lines = text.splitlines()
    tokenizer = BPETokenizer(parse_merges(lines), [END_OF_TEXT])
    assert len(tokenizer.merges) == 50_000 and tokenizer.special[END_OF_TEXT] == 50_256
    return tokenizer
