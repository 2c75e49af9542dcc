"""Plausible wrong solutions of chapter 2: exercise number -> solutions that its check must reject."""

WRONG = {
    "2.1": [
        # each word once, however often it came
        """
def next_merge(words):
    counts = Counter(pair for word in words for pair in pairwise(word))
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # pairs do not overlap, as if they were merged already
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        i = 0
        while i + 1 < len(word):
            pair = word[i : i + 2]
            counts[pair] += count
            i += 2 if word[i + 1 : i + 3] == pair else 1
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # across the ends of words
        """
def next_merge(words):
    text = [i for word, count in words.items() for _ in range(count) for i in word]
    counts = Counter(pairwise(text))
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # a pair counts once in a word
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in set(pairwise(word)):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # the count of the last word that has the pair, in place of the sum
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair, times in Counter(pairwise(word)).items():
            counts[pair] = count * times
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # the order within a pair is lost
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[tuple(sorted(pair))] += count
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # a default that remembers earlier calls
        """
def next_merge(words, counts=Counter()):
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # the last pair is forgotten
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for i in range(len(word) - 2):
            counts[word[i], word[i + 1]] += count
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # uses the words up
        """
def next_merge(words):
    counts = Counter()
    while words:
        word, count = words.popitem()
        for pair in pairwise(word):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)
""",
        # a plain dict
        """
def next_merge(words):
    counts = defaultdict(int)
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return dict(counts)
""",
        # of equally frequent pairs, the one that came first
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return max(counts, key=counts.get, default=None)
""",
        # of equally frequent pairs, the largest
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return max(counts, key=lambda pair: (counts[pair], pair), default=None)
""",
        # no answer where there is no pair
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], pair))
""",
        # ties by the first id only
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], pair[0]), default=None)
""",
        # ties as text: "10" before "2"
        """
def next_merge(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return min(counts, key=lambda pair: (-counts[pair], str(pair)), default=None)
""",
    ],
    "2.2": [
        # plain recursion
        """
def spell(token, merges):
    if token < 256:
        return bytes([token])
    left, right = merges[token - 256]
    return spell(left, merges) + spell(right, merges)
""",
        # a byte as a character
        """
def spell(token, merges):
    waiting, text = [token], ""
    while waiting:
        token = waiting.pop()
        if token < 256:
            text += chr(token)
        else:
            waiting += reversed(merges[token - 256])
    return text.encode()
""",
        # off by one
        """
def spell(token, merges):
    if token <= 256:
        return bytes([token % 256])
    table = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table[token - 1]
""",
        # the halves swapped
        """
def spell(token, merges):
    waiting, spelled = [token], []
    while waiting:
        token = waiting.pop()
        if token < 256:
            spelled.append(token)
        else:
            waiting += merges[token - 256]
    return bytes(spelled)
""",
        # expands one level only
        """
def spell(token, merges):
    if token < 256:
        return bytes([token])
    return b"".join(bytes([part]) for part in merges[token - 256] if part < 256)
""",
        # ids in place of bytes
        """
def spell(token, merges):
    parts = [token]
    while any(part >= 256 for part in parts):
        parts = [p for part in parts for p in (merges[part - 256] if part >= 256 else (part,))]
    return parts
""",
        # text in place of bytes
        """
def spell(token, merges):
    table = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table[token].decode(errors="replace")
""",
        # forgets that a half can be a merge on the right
        """
def spell(token, merges):
    right = []
    while token >= 256:
        token, last = merges[token - 256]
        right.append(last % 256)
    return bytes([token, *reversed(right)])
""",
        # writes into the list that it was given
        """
def spell(token, merges):
    merges[:0] = [(byte,) for byte in range(256)]  # now an id is a place
    waiting, spelled = [token], []
    while waiting:
        token = waiting.pop()
        if token < 256:
            spelled.append(token)
        else:
            waiting += reversed(merges[token])
    return bytes(spelled)
""",
    ],
    "2.3": [
        # per character
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token * n_tokens) / len(text)
""",
        # forgets the number of tokens
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token) / len(text.encode())
""",
        # nats per byte
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return nats_per_token * n_tokens / len(text.encode())
""",
        # the wrong way round
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return nats_per_token * n_tokens * math.log(2) / len(text.encode())
""",
        # bits per token, of bytes per token, upside down
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token) * len(text.encode()) / n_tokens
""",
        # not UTF-8: two bytes for nearly everything
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token * n_tokens) / len(text.encode("utf-16-le"))
""",
        # every character above ASCII has two bytes
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token * n_tokens) / sum(1 + (ord(c) > 127) for c in text)
""",
        # spaces left out
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return bits(nats_per_token * n_tokens) / len(text.replace(" ", "").encode())
""",
        # rounds
        """
def bits_per_byte(nats_per_token, n_tokens, text):
    return round(bits(nats_per_token * n_tokens) / len(text.encode()), 2)
""",
    ],
    "2.4": [
        # the bug itself
        """
def encode_right(word, ranks):
    return encode_hasty(word, ranks)
""",
        # the first pair from the left that is a token
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    i = 0
    while i + 1 < len(parts):
        if parts[i] + parts[i + 1] in ranks:
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
            i = max(i - 1, 0)
        else:
            i += 1
    return [ranks[part] for part in parts]
""",
        # all places of the best pair, but the list of pairs is that of the beginning
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    for pair in sorted({a + b for a, b in pairwise(parts)} & ranks.keys(), key=ranks.get):
        i = 0
        while i + 1 < len(parts):
            if parts[i] + parts[i + 1] == pair:
                parts[i : i + 2] = [pair]
            i += 1
    return [ranks[part] for part in parts]
""",
        # the longest token first, from the left
        """
def encode_right(word, ranks):
    ids = []
    while word:
        size = max(n for n in range(1, len(word) + 1) if word[:n] in ranks)
        ids.append(ranks[word[:size]])
        word = word[size:]
    return ids
""",
        # the token learned last
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(-ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known:
            return [ranks[part] for part in parts]
        _, i = min(known)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # equal pairs from the right
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], -i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known:
            return [ranks[part] for part in parts]
        i = -min(known)[1]
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # each token is merged once only
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    for token in sorted(ranks, key=ranks.get):
        for i, (a, b) in enumerate(pairwise(parts)):
            if a + b == token:
                parts[i : i + 2] = [token]
                break
    return [ranks[part] for part in parts]
""",
        # one sweep, in which the best pair of the moment is not looked for again
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    known = sorted((ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks)
    used = set()
    for _, i in known:
        if i not in used and i + 1 not in used:
            used |= {i, i + 1}
            parts[i], parts[i + 1] = parts[i] + parts[i + 1], b""
    return [ranks[part] for part in parts if part]
""",
        # sweeps from the left, again and again
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    changed = True
    while changed:
        changed, i = False, 0
        while i + 1 < len(parts):
            if parts[i] + parts[i + 1] in ranks:
                parts[i : i + 2] = [parts[i] + parts[i + 1]]
                changed = True
            i += 1
    return [ranks[part] for part in parts]
""",
        # bytes as ids
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known:
            return [part[0] if len(part) == 1 else ranks[part] for part in parts]
        _, i = min(known)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # hides the bug behind the chapter's function
        """
def encode_right(word, ranks):
    return encode_word(word, ranks)
""",
        # pieces in place of ids
        """
def encode_right(word, ranks):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known:
            return parts
        _, i = min(known)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
    ],
    "2.5": [
        # the bug itself
        """
def split_lossless(text):
    return split_tidy(text)
""",
        # nothing is lost, but every space is a piece and ends of lines stick to words
        """
def split_lossless(text):
    first, *rest = text.split(" ")
    return [piece for piece in [first, *(" " + word for word in rest)] if piece]
""",
        # any white space goes to the word
        """
def split_lossless(text):
    return regex.findall(r"\\s?\\S+|\\s+(?!\\S)", text)
""",
        # the run keeps the space of the word after it
        """
def split_lossless(text):
    return regex.findall(r" ?\\S+|\\s+", text)
""",
        # the run after a word is lost at the end
        """
def split_lossless(text):
    return regex.findall(r" ?\\S+|\\s+(?=\\s\\S)|\\s(?=\\S)", text)
""",
        # runs in single characters
        """
def split_lossless(text):
    return regex.findall(r" ?\\S+|\\s", text)
""",
        # words and runs, no space at a word
        """
def split_lossless(text):
    return [piece for piece in regex.split(r"(\\s+)", text) if piece]
""",
        # cuts inside words
        """
def split_lossless(text):
    return split(text)
""",
        # only spaces are white space
        """
def split_lossless(text):
    return regex.findall(r" ?[^ \\n]+|[ \\n]+(?![^ \\n])|[ \\n]", text)
""",
        # the last character of a run stays in it unless it is a space
        """
def split_lossless(text):
    return regex.findall(r" ?\\S+|\\s+(?! ?\\S)|\\s+(?= \\S)|\\s+", text)
""",
        # an iterator
        """
def split_lossless(text):
    return (match[0] for match in regex.finditer(r" ?\\S+|\\s+(?!\\S)|\\s", text))
""",
        # an empty piece for an empty text
        """
def split_lossless(text):
    return regex.findall(r" ?\\S+|\\s+(?!\\S)|\\s", text) or [""]
""",
    ],
    "2.6": [
        # throws once for each token, and for the whole word
        """
def encode_dropout(word, ranks, p, generator):
    kept = {token: i for token, i in ranks.items() if len(token) == 1 or not drop(p, generator)}
    return encode_word(word, kept)
""",
        # stops when the best merge is ignored
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known or drop(p, generator):
            return [ranks[part] for part in parts]
        _, i = min(known)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # tries again until a merge is kept
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not known:
            return [ranks[part] for part in parts]
        kept = [merge for merge in known if not drop(p, generator)]
        if kept:
            _, i = min(kept)
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # p is the probability to keep a merge
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        kept = [merge for merge in known if drop(p, generator)]
        if not kept:
            return [ranks[part] for part in parts]
        _, i = min(kept)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # one throw for equal pairs
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        pairs = [a + b for a, b in pairwise(parts)]
        kept = {pair for pair in dict.fromkeys(pairs) if pair in ranks and not drop(p, generator)}
        if not kept:
            return [ranks[part] for part in parts]
        i = pairs.index(min(kept, key=ranks.get))
        parts[i : i + 2] = [pairs[i]]
""",
        # what was ignored once is ignored for good
        """
def encode_dropout(word, ranks, p, generator):
    ignored = {}
    parts = [(i, word[i : i + 1]) for i in range(len(word))]
    while True:
        known = [
            (ranks[a + b], n)
            for n, ((_, a), (place, b)) in enumerate(pairwise(parts))
            if a + b in ranks and not ignored.setdefault((place, a + b), drop(p, generator))
        ]
        if not known:
            return [ranks[part] for _, part in parts]
        _, n = min(known)
        parts[n : n + 2] = [(parts[n][0], parts[n][1] + parts[n + 1][1])]
""",
        # merges all that were kept at once
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], a, b) for a, b in pairwise(parts) if a + b in ranks]
        kept = [merge for merge in known if not drop(p, generator)]
        if not kept:
            return [ranks[part] for part in parts]
        _, a, b = min(kept)
        i = 0
        while i + 1 < len(parts):
            if (parts[i], parts[i + 1]) == (a, b):
                parts[i : i + 2] = [a + b]
            i += 1
""",
        # merges any pair that was kept, not the one learned first
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [i for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        kept = [i for i in known if not drop(p, generator)]
        if not kept:
            return [ranks[part] for part in parts]
        parts[kept[0] : kept[0] + 2] = [parts[kept[0]] + parts[kept[0] + 1]]
""",
        # dice of its own
        """
def encode_dropout(word, ranks, p, generator):
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        kept = [merge for merge in known if not drop(p, None)]
        if not kept:
            return [ranks[part] for part in parts]
        _, i = min(kept)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # the same dice each time
        """
def encode_dropout(word, ranks, p, generator):
    generator = torch.Generator().manual_seed(0)
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        known = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        kept = [merge for merge in known if not drop(p, generator)]
        if not kept:
            return [ranks[part] for part in parts]
        _, i = min(kept)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
""",
        # breaks the word at random, then encodes the halves
        """
def encode_dropout(word, ranks, p, generator):
    ids, part = [], b""
    for i in range(len(word)):
        if part and drop(p, generator):
            ids, part = ids + encode_word(part, ranks), b""
        part += word[i : i + 1]
    return ids + encode_word(part, ranks)
""",
    ],
    "2.7": [
        # each piece by itself
        """
def stream(pieces):
    for piece in pieces:
        yield piece.decode(errors="replace")
""",
        # drops what does not fit
        """
def stream(pieces):
    for piece in pieces:
        yield piece.decode(errors="ignore")
""",
        # waits until everything that has come is complete
        """
def stream(pieces):
    waiting = b""
    for piece in pieces:
        waiting += piece
        try:
            yield waiting.decode()
            waiting = b""
        except UnicodeDecodeError:
            pass
    yield waiting.decode(errors="replace")
""",
        # all at the end
        """
def stream(pieces):
    yield b"".join(pieces).decode(errors="replace")
""",
        # a list
        """
import codecs


def stream(pieces):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    return [decoder.decode(piece) for piece in pieces] + [decoder.decode(b"", final=True)]
""",
        # forgets what is left at the end
        """
import codecs


def stream(pieces):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece)
""",
        # one mark for each byte that is left
        """
import codecs


def stream(pieces):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield "\\ufffd" * len(decoder.getstate()[0])
""",
        # the first byte that is no UTF-8 is an error
        """
import codecs


def stream(pieces):
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
""",
        # yields whatever comes before the first error, and waits with the rest
        """
def stream(pieces):
    waiting = b""
    for piece in pieces:
        waiting += piece
        try:
            cut = len(waiting.decode().encode())
        except UnicodeDecodeError as error:
            cut = error.start
        yield waiting[:cut].decode()
        waiting = waiting[cut:]
    yield waiting.decode(errors="replace")
""",
        # takes the mark at the end for an incomplete character, and removes all of them
        """
def stream(pieces):
    data, shown = b"", 0
    for piece in pieces:
        data += piece
        text = data.decode(errors="replace").rstrip("\\ufffd")
        yield text[shown:]
        shown = max(shown, len(text))
    yield data.decode(errors="replace")[shown:]
""",
        # is always one piece behind
        """
import codecs


def stream(pieces):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    last = b""
    for piece in pieces:
        yield decoder.decode(last)
        last = piece
    yield decoder.decode(last, final=True)
""",
        # ends of lines are translated
        """
import codecs
import io


def stream(pieces):
    bare = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder = io.IncrementalNewlineDecoder(bare, translate=True)
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
""",
        # the whole text again, each time
        """
def stream(pieces):
    data = b""
    for piece in pieces:
        data += piece
        yield data.decode(errors="ignore")
""",
    ],
    "2.8": [
        # one text, all special tokens allowed
        """
def chat_ids(turns, tokenizer):
    text = "".join(f"<|{role}|>{text}<|end|>" for role, text in turns)
    return tokenizer.encode(text, allowed_special="all")
""",
        # one text, none allowed
        """
def chat_ids(turns, tokenizer):
    return tokenizer.encode("".join(f"<|{role}|>{text}<|end|>" for role, text in turns))
""",
        # takes the special tokens out of what was typed; others form from what is left
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        for token in tokenizer.special:
            text = text.replace(token, "")
        row = f"<|{role}|>{text}<|end|>"
        ids += tokenizer.encode(row, allowed_special="all")
    return ids
""",
        # takes them out again and again: safe, but not what was typed
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        while any(token in text for token in tokenizer.special):
            for token in tokenizer.special:
                text = text.replace(token, "")
        ids += [tokenizer.special[f"<|{role}|>"], *tokenizer.encode(text), tokenizer.special["<|end|>"]]
    return ids
""",
        # escapes them
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        text = text.replace("<|", "< |")
        ids += [tokenizer.special[f"<|{role}|>"], *tokenizer.encode(text), tokenizer.special["<|end|>"]]
    return ids
""",
        # drops the ids of special tokens after the fact
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        found = tokenizer.encode(text, allowed_special="all")
        found = [i for i in found if i not in tokenizer.special.values()]
        ids += [tokenizer.special[f"<|{role}|>"], *found, tokenizer.special["<|end|>"]]
    return ids
""",
        # trims what was typed
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        found = tokenizer.encode(text.strip())
        ids += [tokenizer.special[f"<|{role}|>"], *found, tokenizer.special["<|end|>"]]
    return ids
""",
        # trusts the assistant, whose text a user can make it repeat
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        found = tokenizer.encode(text, allowed_special="all" if role == "assistant" else ())
        ids += [tokenizer.special[f"<|{role}|>"], *found, tokenizer.special["<|end|>"]]
    return ids
""",
        # another tokenizer's ids
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        ids += [chat.special[f"<|{role}|>"], *tokenizer.encode(text), chat.special["<|end|>"]]
    return ids
""",
        # one end for the whole chat
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        ids += [tokenizer.special[f"<|{role}|>"], *tokenizer.encode(text)]
    return [*ids, tokenizer.special["<|end|>"]]
""",
        # skips empty turns
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        if text:
            ids += [tokenizer.special[f"<|{role}|>"], *tokenizer.encode(text), tokenizer.special["<|end|>"]]
    return ids
""",
        # a list for each turn
        """
def chat_ids(turns, tokenizer):
    special = tokenizer.special
    return [[special[f"<|{role}|>"], *tokenizer.encode(text), special["<|end|>"]] for role, text in turns]
""",
        # a space after the role, as it looks nicer
        """
def chat_ids(turns, tokenizer):
    ids = []
    for role, text in turns:
        ids += [tokenizer.special[f"<|{role}|>"], *tokenizer.encode(" " + text), tokenizer.special["<|end|>"]]
    return ids
""",
    ],
    "2.9": [
        # always the most probable cut
        """
def sample_cut(word, log_probs, generator):
    from llmlite.text.unigram import viterbi

    return viterbi(word, log_probs)[0]
""",
        # the best in place of the sum
        """
def sample_cut(word, log_probs, generator):
    longest = max(map(len, log_probs))
    totals, ends = [0.0], []
    for end in range(1, len(word) + 1):
        begins = range(max(0, end - longest), end)
        ways = [totals[i] + log_probs.get(word[i:end], -math.inf) for i in begins]
        best = max(ways)
        shares = [math.exp(way - best) if best > -math.inf else 0.0 for way in ways]
        totals.append(best)
        ends.append((begins, shares))
    pieces, end = [], len(word)
    while end > 0:
        begins, shares = ends[end - 1]
        begin = begins[draw(shares, generator)]
        pieces.append(word[begin:end])
        end = begin
    return pieces[::-1]
""",
        # all last pieces alike
        """
def sample_cut(word, log_probs, generator):
    longest = max(map(len, log_probs))
    totals, ends = [0.0], []
    for end in range(1, len(word) + 1):
        begins = range(max(0, end - longest), end)
        ways = [totals[i] + log_probs.get(word[i:end], -math.inf) for i in begins]
        best = max(ways)
        shares = [math.exp(way - best) if best > -math.inf else 0.0 for way in ways]
        totals.append(best + math.log(sum(shares)) if best > -math.inf else -math.inf)
        ends.append((begins, [float(share > 0) for share in shares]))
    pieces, end = [], len(word)
    while end > 0:
        begins, shares = ends[end - 1]
        begin = begins[draw(shares, generator)]
        pieces.append(word[begin:end])
        end = begin
    return pieces[::-1]
""",
        # the pieces from the end
        """
def sample_cut(word, log_probs, generator):
    longest = max(map(len, log_probs))
    totals, ends = [0.0], []
    for end in range(1, len(word) + 1):
        begins = range(max(0, end - longest), end)
        ways = [totals[i] + log_probs.get(word[i:end], -math.inf) for i in begins]
        best = max(ways)
        shares = [math.exp(way - best) if best > -math.inf else 0.0 for way in ways]
        totals.append(best + math.log(sum(shares)) if best > -math.inf else -math.inf)
        ends.append((begins, shares))
    pieces, end = [], len(word)
    while end > 0:
        begins, shares = ends[end - 1]
        begin = begins[draw(shares, generator)]
        pieces.append(word[begin:end])
        end = begin
    return pieces
""",
        # its own dice
        """
def sample_cut(word, log_probs, generator):
    longest = max(map(len, log_probs))
    totals, ends = [0.0], []
    for end in range(1, len(word) + 1):
        begins = range(max(0, end - longest), end)
        ways = [totals[i] + log_probs.get(word[i:end], -math.inf) for i in begins]
        best = max(ways)
        shares = [math.exp(way - best) if best > -math.inf else 0.0 for way in ways]
        totals.append(best + math.log(sum(shares)) if best > -math.inf else -math.inf)
        ends.append((begins, shares))
    pieces, end = [], len(word)
    while end > 0:
        begins, shares = ends[end - 1]
        begin = begins[draw(shares, torch.default_generator)]
        pieces.append(word[begin:end])
        end = begin
    return pieces[::-1]
""",
        # from the left, without looking whether the rest can be written
        """
def sample_cut(word, log_probs, generator):
    pieces = []
    while word:
        fits = [piece for piece in log_probs if word.startswith(piece)]
        piece = fits[draw([math.exp(log_probs[piece]) for piece in fits], generator)]
        pieces.append(piece)
        word = word[len(piece) :]
    return pieces
""",
        # pieces by their own probability, what stands before does not count
        """
def sample_cut(word, log_probs, generator):
    longest = max(map(len, log_probs))
    totals, ends = [0.0], []
    for end in range(1, len(word) + 1):
        begins = range(max(0, end - longest), end)
        ways = [totals[i] + log_probs.get(word[i:end], -math.inf) for i in begins]
        best = max(ways)
        shares = [math.exp(way - best) if best > -math.inf else 0.0 for way in ways]
        totals.append(best + math.log(sum(shares)) if best > -math.inf else -math.inf)
        own = [math.exp(log_probs.get(word[i:end], -math.inf)) for i in begins]
        ends.append((begins, [p * (totals[i] > -math.inf) for p, i in zip(own, begins)]))
    pieces, end = [], len(word)
    while end > 0:
        begins, shares = ends[end - 1]
        begin = begins[draw(shares, generator)]
        pieces.append(word[begin:end])
        end = begin
    return pieces[::-1]
""",
        # probabilities, which underflow
        """
def sample_cut(word, log_probs, generator):
    totals = [1.0]
    for end in range(1, len(word) + 1):
        totals.append(sum(totals[i] * math.exp(log_probs.get(word[i:end], -math.inf)) for i in range(end)))
    pieces, end = [], len(word)
    while end > 0:
        shares = [totals[i] * math.exp(log_probs.get(word[i:end], -math.inf)) for i in range(end)]
        begin = draw(shares, generator)
        pieces.append(word[begin:end])
        end = begin
    return pieces[::-1]
""",
        # lists all cuts
        """
def sample_cut(word, log_probs, generator):
    def cuts(rest):
        if not rest:
            return [((), 0.0)]
        return [
            ((piece, *after), log_probs[piece] + p)
            for piece in log_probs
            if rest.startswith(piece)
            for after, p in cuts(rest[len(piece) :])
        ]

    if len(word) > 30:
        raise RecursionError("too many cuts")
    found = cuts(word)
    return list(found[draw([math.exp(p) for _, p in found], generator)][0])
""",
    ],
}
