"""Draws a line as SVG: x logarithmic, y from zero; readable on light and dark pages."""
import math

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 44, 54
INSET = 44                              # of the first and the last point, whose labels need room


def nice_top(most):
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(most)) if most > 0 else 1
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= most * 0.999)


def number(value):
    """Formats 1,000 and more with commas, less with the significant digits."""
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:g}"


def count(value):
    """1,000,000 as 1 million."""
    return f"{value // 1_000_000} million" if value >= 1_000_000 else f"{value:,}"


def draw(title, unit, points, limit=None):
    """points: (x, y); limit: a target, as a dashed line."""
    top = nice_top(max([y for _, y in points] + ([limit] if limit else [])))
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])

    def place(x, y):
        share = (math.log10(x) - low) / (high - low) if high > low else 0.5
        return LEFT + INSET + share * (WIDTH - LEFT - RIGHT - 2 * INSET), TOP + (1 - y / top) * (HEIGHT - TOP - BOTTOM)
    parts = [f'<text x="{LEFT}" y="24" class="title">{title}, {unit}</text>', *grid(top, place, points)]
    if limit:
        y = place(points[0][0], limit)[1]
        parts += [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="limit"/>',
                  f'<text x="{WIDTH - RIGHT}" y="{y - 6:.1f}" text-anchor="end" class="red">target {number(limit)}</text>']
    line = " ".join("{:.1f},{:.1f}".format(*place(*each)) for each in points)
    parts.append(f'<polyline points="{line}" class="line"/>')
    for x, y in points:
        at, below = place(x, y), limit and y < limit
        parts += [f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="4"/>',
                  f'<text x="{at[0]:.1f}" y="{at[1] + (20 if below else -10):.1f}" text-anchor="middle">'
                  f'{number(float(f"{y:.3g}"))}</text>']
    return page(title, parts)


def grid(top, place, points):
    """The horizontal lines and the labels of both axes."""
    for quarter in range(5):
        value = top * quarter / 4
        y = place(points[0][0], value)[1]
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        yield f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>'
    for x, _ in points:
        yield f'<text x="{place(x, 0)[0]:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{count(x)}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">cached domains</text>'


def page(title, parts):
    style = ("text{font:13px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:15px}.grid{stroke:#d0d7de}"
             ".line{fill:none;stroke:#0969da;stroke-width:2}circle{fill:#0969da}.limit{stroke:#cf222e;stroke-dasharray:6 4}"
             ".red{fill:#cf222e}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'role="img">\n'
            f'<title>{title}</title>\n<style>{style}</style>\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
