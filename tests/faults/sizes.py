"""How much is tried. FULL takes about twenty minutes on two cores, SMOKE about two."""
import collections

Sizes = collections.namedtuple("Sizes", """domains dane entries damages at_once kills cached learn lied_to
    shifts wrong_for lies attack_pauses honest_again stuck notice recover attack good fat modes starved connections held
    large room""")

# Numbers: domains, dane: domains in the internet. entries: entries in the cache that is damaged. cached: entries in the
# caches of the other parts. learn: new policies at a time. lied_to: domains of each kind in the part root. good: domains
# that are asked for during an attack. fat: names of a policy host with a fat certificate. modes: ways never to end.
# starved: domains asked for while descriptors are short. connections: how many somebody holds. large: large policies.
# room: the max_size of their cache.
# In seconds: attack: how long an attack with many names lasts. held: how long connections are held. The others say how long
# the clock stays wrong, a resolver lies or something is stuck, and how soon that must be noticed, and forgotten once it is
# over.
FULL = Sizes(domains=1750, dane=40, entries=1750, damages=320, at_once=3, kills=50, cached=400, learn=20, lied_to=12,
             shifts=None, wrong_for=15, lies=None, attack_pauses=(5, 25), honest_again=330, stuck=10, notice=75, recover=75,
             attack=55, good=150, fat=1900, modes=8, starved=600, connections=2000, held=15, large=400, room="16MiB")
SMOKE = Sizes(domains=60, dane=4, entries=60, damages=10, at_once=2, kills=2, cached=60, learn=4, lied_to=4,
              shifts=("8 days ahead",), wrong_for=1, lies=("denies TLSA records",), attack_pauses=(), honest_again=20,
              stuck=1, notice=5, recover=20, attack=2, good=4, fat=30, modes=2, starved=12, connections=40, held=2, large=8,
              room="16MiB")
CLOCK_DOMAINS = 400         # how many domains the cache of the part clock has
