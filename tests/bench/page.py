def render(results): return ""
def write(results, checkout): pass
