"""A changed policy is noticed; a policy that can't be fetched stays as it is (STS-27, STS-31, STS-51).

conftest.py runs these last, because a TXT record counts for a minute, most of which is over by then.
"""
from lab import https, nameservers

NEW = ('"v=STSv1; id=2;"',)
PATIENCE = 100      # seconds: the minute, and the recheck that an answer starts


def settles(lab, wait, key, answer):
    """Asks until the answer is the wanted one."""
    seen = []

    def asked():
        seen.append(lab.ask(key))
        return seen[-1] == answer
    wait(lambda: f"{key} to be answered {answer!r}, last: {seen[-1]!r}", asked, PATIENCE, every=1.0)


def test_new_policy_is_fetched(lab, wait):
    assert lab.first_answers["refresh"] == "OK secure match=mx.refresh.example servername=hostname"
    https.write_policy(lab, "refresh", mx=["mx.refresh.example", "mx2.refresh.example"])
    nameservers.change_record(lab, "refresh", NEW)
    settles(lab, wait, "refresh.example",
            "OK secure match=mx.refresh.example:mx2.refresh.example servername=hostname")


def test_old_policy_stays_while_https_fails(lab, wait):
    kept = lab.first_answers["refresh-fails"]
    assert kept == "OK secure match=mx.refresh-fails.example servername=hostname"
    https.change_web(lab, "refresh-fails", "500")
    nameservers.change_record(lab, "refresh-fails", NEW)
    tried = https.requests(lab, "refresh-fails")

    def asked():
        assert lab.ask("refresh-fails.example") == kept
        return https.requests(lab, "refresh-fails") > tried
    wait("a fetch of the new policy, which fails", asked, PATIENCE, every=1.0)
    for _ in range(5):
        assert lab.ask("refresh-fails.example") == kept
    nameservers.change_record(lab, "refresh-fails", ())
    assert lab.ask("refresh-fails.example") == kept, "nor does a missing record end it (STS-30)"
