"""How much is tried: FULL takes about a quarter of an hour on two cores, SMOKE less than a minute."""
import collections

Sizes = collections.namedtuple("Sizes", """domains dane entries damages at_once kills cached learn lied_to
    shifts wrong_for lies attack_pauses honest_again stuck notice recover""")

# domains, dane: of the internet; entries: of the cache that is damaged; cached: of the caches of the other parts; learn:
# new policies at a time; lied_to: domains of each kind in the part root. The rest in seconds: how long the clock stays
# wrong, an attack lasts, something is stuck, and how soon that must be noticed and, once it is over, forgotten.
FULL = Sizes(domains=1750, dane=40, entries=1750, damages=320, at_once=3, kills=50, cached=400, learn=20, lied_to=12,
             shifts=None, wrong_for=15, lies=None, attack_pauses=(5, 25), honest_again=330, stuck=10, notice=75, recover=75)
SMOKE = Sizes(domains=60, dane=4, entries=60, damages=10, at_once=2, kills=2, cached=60, learn=4, lied_to=4,
              shifts=("8 days ahead",), wrong_for=1, lies=("denies TLSA records",), attack_pauses=(), honest_again=20,
              stuck=1, notice=5, recover=20)
CLOCK_DOMAINS = 400         # of them the cache of the clock's trials has
