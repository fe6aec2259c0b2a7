"""Makes FIT files by the published container: every base type, both byte orders, compressed time stamps, fields of
developers, arrays, texts, chained files, unknown messages, invalid values."""

import random
import struct

# Code, letter of struct, bytes, invalid value.
TYPES = [
    (0x00, "B", 1, 0xFF),
    (0x01, "b", 1, 0x7F),
    (0x02, "B", 1, 0xFF),
    (0x83, "h", 2, 0x7FFF),
    (0x84, "H", 2, 0xFFFF),
    (0x85, "i", 4, 0x7FFFFFFF),
    (0x86, "I", 4, 0xFFFFFFFF),
    (0x88, "f", 4, None),
    (0x89, "d", 8, None),
    (0x0A, "B", 1, 0),
    (0x8B, "H", 2, 0),
    (0x8C, "I", 4, 0),
    (0x8E, "q", 8, 0x7FFFFFFFFFFFFFFF),
    (0x8F, "Q", 8, 0xFFFFFFFFFFFFFFFF),
    (0x90, "Q", 8, 0),
]
BYTE, TEXT, STAMP = 0x0D, 0x07, 253


def crc(data):
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def number(rng, letter, length, invalid):
    if letter in "fd":
        return rng.choice([0.0, -1.5, 3.25, rng.uniform(-1e6, 1e6)])
    if rng.random() < 0.15:
        return invalid
    bits = 8 * length
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if letter.islower() else (0, (1 << bits) - 1)
    return rng.randint(low, high)


def field(rng, order):
    """A field: its base type, length and a function that makes its bytes."""
    kind = rng.random()
    if kind < 0.1:
        length = rng.randint(1, 12)

        def text():
            letters = "".join(rng.choice("abcXYZ é") for _ in range(rng.randint(0, length))).encode()[: length - 1]
            letters = letters.decode(errors="ignore").encode()
            return letters + bytes(length - len(letters))

        return TEXT, length, text
    if kind < 0.2:
        length = rng.randint(1, 6)
        return BYTE, length, lambda: bytes([0xFF] * length) if rng.random() < 0.3 else rng.randbytes(length)
    base, letter, size, invalid = rng.choice(TYPES)
    count = rng.choice([1, 1, 1, 2, 3])

    def values():
        return b"".join(struct.pack(order + letter, number(rng, letter, size, invalid)) for _ in range(count))

    return base, size * count, values


def one(rng):
    """A file."""
    body = bytearray()
    stamp = rng.randint(900_000_000, 1_200_000_000)
    local = {}
    # A full time stamp first, on which compressed ones count.
    for slot in range(rng.randint(1, 6)):
        order = rng.choice("<>")
        # Numbers that no profile knows: nothing but the container is compared.
        message = rng.randint(0xFF00, 0xFFFE)
        fields = [(STAMP, 0x86, 4, None)] if slot == 0 or rng.random() < 0.4 else []
        numbers = rng.sample(range(0, 250), rng.randint(1, 8))
        fields += [(n, *field(rng, order)) for n in numbers]
        developers = [(rng.randint(0, 20), rng.randint(1, 9), 0) for _ in range(rng.choice([0, 0, 1, 2]))]
        header = 0x40 | (0x20 if developers else 0) | slot
        body += bytes([header, 0, order == ">"]) + struct.pack(order + "H", message) + bytes([len(fields)])
        for n, base, length, _ in fields:
            body += bytes([n, length, base])
        if developers:
            body += bytes([len(developers)])
            for d in developers:
                body += bytes(d)
        local[slot] = (order, fields, developers)
    for turn in range(rng.randint(1, 40)):
        slot = 0 if turn == 0 else rng.choice(list(local))
        order, fields, developers = local[slot]
        has_stamp = any(n == STAMP for n, *_ in fields)
        stamp += rng.randint(0, 30)
        compressed = turn > 0 and slot < 4 and not has_stamp and rng.random() < 0.5
        body += bytes([0x80 | slot << 5 | stamp & 0x1F if compressed else slot])
        for n, _, _, make in fields:
            body += struct.pack(order + "I", stamp) if n == STAMP else make()
        for _, length, _ in developers:
            body += rng.randbytes(length)
    size = rng.choice([12, 14])
    head = bytes([size, 0x20]) + struct.pack("<HI", 2195, len(body)) + b".FIT"
    if size == 14:
        head += struct.pack("<H", crc(head))
    data = head + bytes(body)
    return data + struct.pack("<H", crc(data))


def make(seed):
    rng = random.Random(seed)
    return b"".join(one(rng) for _ in range(rng.choice([1, 1, 1, 2, 3])))
