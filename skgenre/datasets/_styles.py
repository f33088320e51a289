"""The ten genres as a table: one :class:`Style` a row, with ranges to draw from and alternatives to choose between.

Patterns are strings with one character for each sixteenth note of a bar, so their length tells the metre.

* Drums: ``X`` accented, ``x`` ordinary, ``o`` soft.
* Chords and bass: ``x`` the whole chord, a digit that tone of the chord from its root up (past the last one, an octave
  higher), ``w`` a step of a walk through the scale.

Progressions are chords in roman numerals: capitals are major, ``|`` parts the bars.
"""

from dataclasses import dataclass

Drums = dict[str, str]
Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """How a genre is played."""

    tempo: Range  # beats a minute
    swing: Range  # how late the second eighth of a beat comes, in beats
    drums: tuple[Drums, ...]
    progressions: tuple[str, ...]
    scale: str
    comping: tuple[str, ...]  # what the chords play
    gate: Range  # how much of the time to the next note a chord sounds
    bass: tuple[str, ...]
    melody: Range  # notes a beat
    chords_by: tuple[str, ...]
    bass_by: tuple[str, ...]
    lead_by: tuple[str, ...]
    drive: Range  # overdrive of the chords
    brightness: Range  # of the drum kit
    balance: tuple[float, float, float, float]  # decibels of drums, bass, chords, lead
    tone: tuple[float, ...]  # the production's equaliser, in decibels from low to high
    room: tuple[Range, Range]  # reverberation in seconds, and how much of it
    compression: Range
    absence: tuple[float, float, float, float]  # how often a track leaves each of them out


STYLES = {
    "blues": Style(
        tempo=(66, 126),
        swing=(0.11, 0.17),
        drums=(
            {"kick": "x.......x.......", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "x.....x.x.......", "snare": "....x.......x..o", "ride": "x..ox..ox..ox..o"},
            {"kick": "x...o...x...o...", "rim": "....x.......x...", "hat": "..x...x...x...x."},
        ),
        progressions=("I7|I7|IV7|I7|V7|IV7|I7|V7", "I7|IV7|I7|I7|IV7|IV7|I7|I7|V7|IV7|I7|V7", "i7|iv7|i7|V7"),
        scale="blues",
        comping=("x.x.x.x.x.x.x.x.", "x...x...x...x...", "x.....x.....x...", "1.3.4.3.1.3.4.3."),
        gate=(0.4, 0.9),
        bass=("1...2...3...4...", "1.1.2.2.3.3.4.3.", "1...w...w...w...", "1.....1.3...3..."),
        melody=(0.8, 2.0),
        chords_by=("guitar", "guitar", "piano", "organ"),
        bass_by=("finger", "upright"),
        lead_by=("saw", "guitar", "voice"),
        drive=(0.1, 0.35),
        brightness=(0.7, 0.85),
        balance=(-1.0, 0.0, 0.0, 1.0),
        tone=(0.0, 4.0, 4.0, -1.0, -7.0),
        room=((0.4, 1.0), (0.1, 0.3)),
        compression=(0.1, 0.3),
        absence=(0.08, 0.05, 0.03, 0.08),
    ),
    "classical": Style(
        tempo=(60, 140),
        swing=(0.0, 0.0),
        drums=(
            {"tom": "o..............."},
            {"tom": "x.......o..ooooo", "crash": "o..............."},
            {"tom": "o..........."},
            {"tom": "............"},
        ),
        progressions=("I|V7|vi|IV|I|V7", "I|ii|V7|I", "i|iv|V|i|bVI|V", "I IV|V7 I|vi ii|V"),
        scale="major",
        comping=("1.3.2.3.1.3.2.3.", "1...3...2...", "x...............", "x...x...x...", "1.2.3.4.3.2."),
        gate=(0.8, 1.0),
        bass=("1...............", "1.......3.......", "1...w...w...", "1..........."),
        melody=(0.6, 2.4),
        chords_by=("strings", "strings", "piano", "nylon"),
        bass_by=("upright",),
        lead_by=("strings", "flute", "strings", "piano", "reed"),
        drive=(0.0, 0.0),
        brightness=(0.5, 0.8),
        balance=(-6.0, -2.0, 0.0, 1.0),
        tone=(-7.0, 0.0, 1.0, -2.0, -6.0),
        room=((1.2, 2.4), (0.3, 0.7)),
        compression=(0.0, 0.1),
        absence=(0.8, 0.15, 0.03, 0.08),
    ),
    "country": Style(
        tempo=(84, 150),
        swing=(0.0, 0.06),
        drums=(
            {"kick": "x.......x.......", "snare": "..o.x.o...o.x.o."},
            {"kick": "x.......x.......", "snare": "oooox.oxooooxoox"},
            {"kick": "x...x...x...x...", "rim": "..x...x...x...x.", "shaker": "xoxoxoxoxoxoxoxo"},
        ),
        progressions=("I|I|IV|I|V|I", "I|IV|I|V", "I|V|IV|I", "I|vi|IV|V"),
        scale="pentatonic",
        comping=("..x...x...x...x.", "1.x.3.x.1.x.3.x.", "1.3.2.3.4.3.2.3.", "x...x.x.x...x.x."),
        gate=(0.4, 0.9),
        bass=("1.......3.......", "1...3...1...3...", "1...1...3...w..."),
        melody=(0.8, 2.2),
        chords_by=("guitar", "guitar", "nylon"),
        bass_by=("finger",),
        lead_by=("strings", "strings", "voice", "guitar"),
        drive=(0.0, 0.1),
        brightness=(0.95, 1.15),
        balance=(-3.0, 0.0, 1.0, 1.0),
        tone=(-5.0, -2.0, 1.0, 5.0, 5.0),
        room=((0.3, 0.8), (0.1, 0.3)),
        compression=(0.1, 0.4),
        absence=(0.08, 0.05, 0.03, 0.08),
    ),
    "disco": Style(
        tempo=(104, 134),
        swing=(0.0, 0.02),
        drums=(
            {"kick": "X...X...X...X...", "snare": "....x.......x...", "open": "..x...x...x...x."},
            {"kick": "X...X...X...X...", "clap": "....x.......x...", "hat": "xoxoxoxoxoxoxoxo"},
            {
                "kick": "X...X...X...X...",
                "snare": "....x.......x..o",
                "hat": "xo.xxo.xxo.xxo.x",
                "open": "..x...x...x...x.",
            },
        ),
        progressions=("i7|iv7|bVII|i7", "Imaj7|vi7|ii7|V7", "i|bVI|bVII|i", "i7|i7|iv7|iv7"),
        scale="dorian",
        comping=("x.xx.xx.x.xx.xx.", "..x...x...x...x.", "x...............", "x..x..x...x..x.."),
        gate=(0.35, 0.8),
        bass=("1.4.1.4.1.4.1.4.", "1..11.4.1..11.4.", "1...1.4.3...3.4."),
        melody=(0.6, 1.8),
        chords_by=("muted", "strings", "strings"),
        bass_by=("finger", "synth bass"),
        lead_by=("strings", "brass", "voice"),
        drive=(0.0, 0.1),
        brightness=(1.05, 1.25),
        balance=(2.0, 1.0, 0.0, 0.0),
        tone=(1.0, -3.0, -2.0, 3.0, 8.0),
        room=((0.3, 0.8), (0.1, 0.3)),
        compression=(0.2, 0.5),
        absence=(0.0, 0.04, 0.05, 0.1),
    ),
    "hiphop": Style(
        tempo=(76, 108),
        swing=(0.0, 0.09),
        drums=(
            {"kick": "X.....x..x......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X..x......x.....", "clap": "....X.......X...", "hat": "xoxoxoxoxoxoxooo"},
            {"kick": "X......x..x..x..", "snare": "....X.......X.oo", "shaker": "x.x.x.x.x.x.x.x."},
        ),
        progressions=("i|i|bVI|V", "i7|iv7", "i|bVII", "ii7|V7|Imaj7|Imaj7"),
        scale="minor",
        comping=("x...............", "1..3..2...1.3...", "x.....x.........", "x..x....x..x...."),
        gate=(0.4, 1.0),
        bass=("1......1..1.....", "1...............", "1..1......3.1..."),
        melody=(1.2, 3.4),
        chords_by=("epiano", "bell", "strings"),
        bass_by=("sub", "sub", "synth bass"),
        lead_by=("voice", "voice", "square"),
        drive=(0.0, 0.15),
        brightness=(0.7, 0.95),
        balance=(3.0, 3.0, -2.0, 1.0),
        tone=(8.0, 0.0, -4.0, 0.0, 4.0),
        room=((0.2, 0.5), (0.02, 0.15)),
        compression=(0.3, 0.6),
        absence=(0.0, 0.05, 0.1, 0.08),
    ),
    "jazz": Style(
        tempo=(84, 190),
        swing=(0.1, 0.17),
        drums=(
            {"ride": "x...x..xx...x..x", "hat": "....x.......x...", "kick": "o.........o....."},
            {"ride": "x...x..xx...x..x", "rim": "......x.......x.", "kick": "o...o...o...o..."},
            {"ride": "x...x.x.x...", "snare": "......o...o."},
        ),
        progressions=("ii7|V7|Imaj7|vi7", "Imaj7 vi7|ii7 V7", "i7|iv7|bVII7|i7", "I7|IV7|I7 VI7|ii7 V7"),
        scale="dorian",
        comping=("x.....x.........", "....x.........x.", "x......x..x.....", "x...x...x...x..."),
        gate=(0.3, 0.8),
        bass=("1...w...w...w...", "1...2...3...4...", "1.......3...w..."),
        melody=(0.9, 2.8),
        chords_by=("piano", "piano", "epiano"),
        bass_by=("upright",),
        lead_by=("reed", "brass"),
        drive=(0.0, 0.05),
        brightness=(0.9, 1.1),
        balance=(0.0, 0.0, -2.0, 2.0),
        tone=(-4.0, 2.0, 3.0, 1.0, -1.0),
        room=((0.5, 1.2), (0.15, 0.4)),
        compression=(0.0, 0.2),
        absence=(0.08, 0.05, 0.05, 0.05),
    ),
    "metal": Style(
        tempo=(96, 190),
        swing=(0.0, 0.0),
        drums=(
            {"kick": "xxxxxxxxxxxxxxxx", "snare": "....X.......X...", "crash": "x..............."},
            {"kick": "x.xxx.xxx.xxx.xx", "snare": "....X.......X...", "hat": "x...x...x...x..."},
            {"kick": "x..x..x.x..x..x.", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
        ),
        progressions=("I5|I5|bVI5|bVII5", "I5|bII5|I5|bIII5", "I5 bIII5|IV5 bII5"),
        scale="phrygian",
        comping=("x.xxx.xxx.xxx.xx", "x.......x.......", "xxxxx.x.xxxxx.x.", "x..x..x.x..x..x."),
        gate=(0.6, 1.0),
        bass=("1.111.111.111.11", "1111111111111111", "1...1...1...1..."),
        melody=(0.5, 3.5),
        chords_by=("saw",),
        bass_by=("finger", "saw"),
        lead_by=("saw", "saw", "voice"),
        drive=(0.6, 1.2),
        brightness=(1.0, 1.25),
        balance=(1.0, 0.0, 3.0, -1.0),
        tone=(4.0, -4.0, -5.0, 5.0, 6.0),
        room=((0.2, 0.6), (0.05, 0.2)),
        compression=(0.4, 0.7),
        absence=(0.02, 0.05, 0.0, 0.3),
    ),
    "pop": Style(
        tempo=(88, 132),
        swing=(0.0, 0.04),
        drums=(
            {"kick": "x.....x.x.......", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "x...x...x...x...", "clap": "....x.......x...", "shaker": "x.x.x.x.x.x.x.x."},
            {"kick": "x..x..x...x.....", "clap": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
        ),
        progressions=("I|V|vi|IV", "vi|IV|I|V", "I|vi|IV|V", "IV|I|V|vi"),
        scale="major",
        comping=("x...............", "x.x.x.x.x.x.x.x.", "x..x..x...x..x..", "1.2.3.2.1.2.3.2."),
        gate=(0.5, 1.0),
        bass=("1.1.1.1.1.1.1.1.", "1.....1.1.......", "1..1..1...1..1.."),
        melody=(0.9, 2.2),
        chords_by=("synth", "synth", "piano"),
        bass_by=("synth bass",),
        lead_by=("voice", "voice", "synth"),
        drive=(0.0, 0.15),
        brightness=(1.0, 1.2),
        balance=(1.0, 0.0, 0.0, 2.0),
        tone=(-1.0, -2.0, -1.0, 4.0, 7.0),
        room=((0.3, 1.0), (0.1, 0.4)),
        compression=(0.3, 0.6),
        absence=(0.04, 0.05, 0.05, 0.05),
    ),
    "reggae": Style(
        tempo=(66, 104),
        swing=(0.0, 0.1),
        drums=(
            {"kick": "........X.......", "rim": "........x.......", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "........X.......", "snare": "........x.....o.", "hat": "..x...x...x...x."},
            {"kick": "x...x...x...x...", "rim": "........x.......", "shaker": "x.xxx.xxx.xxx.xx"},
        ),
        progressions=("i|iv", "I|IV", "i|bVII|bVI|bVII", "I|ii|IV|I"),
        scale="minor",
        comping=("..x...x...x...x.", "..x...x...x...x.", "..xx..x...xx..x."),
        gate=(0.25, 0.6),
        bass=("1..1..2.3.......", "..1.1.3...2.1...", "1.......3..2..1."),
        melody=(0.5, 1.5),
        chords_by=("muted", "organ"),
        bass_by=("sub",),
        lead_by=("voice", "brass", "organ"),
        drive=(0.0, 0.1),
        brightness=(0.65, 0.85),
        balance=(0.0, 4.0, 0.0, 0.0),
        tone=(7.0, 6.0, 0.0, -4.0, -9.0),
        room=((0.6, 1.6), (0.2, 0.5)),
        compression=(0.2, 0.5),
        absence=(0.03, 0.03, 0.03, 0.15),
    ),
    "rock": Style(
        tempo=(92, 164),
        swing=(0.0, 0.04),
        drums=(
            {"kick": "x.......x.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "x..x....x.x.....", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "x.x.....x.x...x.", "snare": "....X.......X...", "crash": "x...x...x...x..."},
        ),
        progressions=("I|bVII|IV|I", "i|bVI|bVII|i", "I|IV|V|IV", "I5|bIII5|IV5|I5"),
        scale="pentatonic",
        comping=("x.x.x.x.x.x.x.x.", "x.......x.......", "x..x..x.x.x.x.x.", "x...x.x...x.x..."),
        gate=(0.6, 1.0),
        bass=("1.1.1.1.1.1.1.1.", "1...1.1.1...1.3.", "1..1....1.1....."),
        melody=(0.7, 2.2),
        chords_by=("guitar", "guitar", "saw"),
        bass_by=("finger",),
        lead_by=("saw", "voice", "guitar"),
        drive=(0.2, 0.6),
        brightness=(0.85, 1.05),
        balance=(1.0, 0.0, 1.0, 0.0),
        tone=(0.0, 1.0, 4.0, 2.0, -2.0),
        room=((0.3, 0.9), (0.1, 0.3)),
        compression=(0.2, 0.6),
        absence=(0.03, 0.05, 0.02, 0.1),
    ),
}
