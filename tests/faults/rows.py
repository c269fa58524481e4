"""What a part of the campaign found, and the table of it."""
import collections

# tried = survived + lost, in the unit that the case names. weaker counts answers that demanded less than they must,
# whether the policy survived or not: one such answer is enough to fail.
Row = collections.namedtuple("Row", "part case tried survived lost weaker note", defaults=[""])

HEAD = ("part", "what was tried", "tried", "survived", "lost", "weaker", "")
NUMBERS = {2, 3, 4, 5}


def count(part, case, kept, weaker=0, note=""):
    """A row from a list with a truth value for each thing that was tried."""
    kept = list(kept)
    return Row(part, case, len(kept), sum(kept), len(kept) - sum(kept), weaker, note)


def goals(part, case, *figures):
    """A row from figures: each has a text with {} for the number, the number, and the most that it may be."""
    note = "; ".join(f"{text.format(f'{figure:.2f}')} (goal: at most {most:g})" for text, figure, most in figures)
    return count(part, case, [figure <= most for _, figure, most in figures], note=note)


def failed(row):
    return row.lost > 0 or row.weaker > 0


def cells(row):
    return [f"{each:,}" if isinstance(each, int) else each for each in row]


def for_terminal(found):
    table = [HEAD, *map(cells, found)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    for row in table:
        yield "  ".join(text.rjust(width) if column in NUMBERS else text.ljust(width)
                        for column, (text, width) in enumerate(zip(row, widths))).rstrip()


def for_page(found):
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "|".join("---:" if column in NUMBERS else "---" for column in range(len(HEAD))) + "|"
    for row in found:
        yield "| " + " | ".join(cells(row)) + " |"
