#include "core/reply.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "core/sts_policy.hpp"
#include "tests/fuzz/postfix_reader.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::mx_view;

namespace {

const DomainName domain = *DomainName::parse("example.com");

const char* const body =
    "version: STSv1\r\nmode: enforce\r\nmx: mx1.Example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n";

const char* const plain = "OK secure match=mx1.example.com:.example.net servername=hostname";

std::string render(Dialect dialect, const Decision& decision) {
  std::string out;
  append_reply(out, dialect, domain, decision);
  return out;
}

// The reply to an enforce policy with this view.
std::string render(Dialect dialect, const PolicyView& policy) {
  return render(dialect, Decision{Verdict::secure, "6", "enforce policy", {}, &policy});
}

std::string render_body(Dialect dialect, const std::string& text) {
  PolicyLint lint = lint_policy(text);
  REQUIRE(lint.policy);
  return render(dialect, view(*lint.policy));
}

void check_taken(Dialect dialect, const std::string& reply) {
  if (!reply.starts_with("OK ")) return;
  CHECK(postfix::read_reply(reply.substr(3), dialect == Dialect::postfix310).fault.empty());
}

}  // namespace

TEST_CASE("replies by verdict and dialect", "[core]") {
  struct Row {
    const char* why;
    Dialect dialect;
    Verdict verdict;
    const char *reason, *detail, *want;
  };
  using enum Dialect;
  using enum Verdict;
  auto row = GENERATE(values<Row>({
      {"ANS-1, SM-3: not found, its blank kept", postfix, not_found, "no MTA-STS record", "", "NOTFOUND "},
      {"ANS-1: not found", postfix310, not_found, "x", "", "NOTFOUND "},
      {"ANS-4: testing", sts, not_found, "testing policy", "", "NOTFOUND "},
      {"ANS-5, SM-4: dane", postfix, dane, "x", "", "OK dane"},
      {"ANS-5, PFX-27: dane without STS attributes", postfix310, dane, "x", "", "OK dane"},
      {"ANS-5: dane-only", postfix, dane_only, "x", "", "OK dane-only"},
      {"ANS-5: dane-only", postfix310, dane_only, "x", "", "OK dane-only"},
      {"sendmail does DANE by itself", sts, dane, "x", "", "NOTFOUND "},
      {"sendmail does DANE by itself", sts, dane_only, "x", "", "NOTFOUND "},
      {"SM-6: temp with its reason", postfix, temp, "MX failed", "timeout", "TEMP MX failed: timeout"},
      {"SM-6: temp without detail", sts, temp, "MX failed", "", "TEMP MX failed"},
      {"SM-6: temp never without a reason", postfix310, temp, "", "", "TEMP undecided"},
      {"SM-6: one printable line", postfix, temp, "a", "b\r\nc\xC3\xBC\x1B", "TEMP a: b??c???"},
  }));
  INFO(row.why);
  std::string reply = render(row.dialect, {row.verdict, "3", row.reason, row.detail});
  CHECK(reply == row.want);
  check_taken(row.dialect, reply);
}

TEST_CASE("ANS-2, ANS-3: replies to an enforce policy", "[core]") {
  CHECK(render_body(Dialect::postfix, body) == plain);  // ANS-3, PFX-11, PFX-13
  CHECK(render_body(Dialect::sts, body) == plain);
  CHECK(render_body(Dialect::postfix310, body) ==
        std::string(plain) +
            " policy_type=sts policy_domain=example.com mx_host_pattern=mx1.example.com "
            "mx_host_pattern=*.example.net"
            " { policy_string = version: STSv1 } { policy_string = mode: enforce }"
            " { policy_string = mx: mx1.Example.com } { policy_string = mx: *.example.net }"
            " { policy_string = max_age: 604800 }");
}

TEST_CASE("what Postfix reads of a reply", "[core]") {
  postfix::Reply reply = postfix::read_reply(render_body(Dialect::postfix310, body).substr(3), true);
  INFO(reply.fault);
  CHECK(reply.fault.empty());
  CHECK(reply.level == "secure");  // PFX-1
  CHECK(reply.all("match") ==
        std::vector<std::string>{"mx1.example.com:.example.net"});               // PFX-10, PFX-25, PFX-29
  CHECK(reply.all("servername") == std::vector<std::string>{"hostname"});        // PFX-11
  CHECK(reply.all("policy_type") == std::vector<std::string>{"sts"});            // PFX-14
  CHECK(reply.all("policy_domain") == std::vector<std::string>{"example.com"});  // PFX-15
  CHECK(reply.all("mx_host_pattern") ==
        std::vector<std::string>{"mx1.example.com", "*.example.net"});  // PFX-16, PFX-24
  CHECK(reply.all("policy_string").size() == 5);                        // PFX-16
  CHECK(reply.all("policy_string")[2] == "mx: mx1.Example.com");
  CHECK(reply.all("policy_failure").empty());  // PFX-17
  CHECK(reply.all("policy_ttl").empty());      // PFX-17
  // PFX-12, PFX-13: 3.9 would refuse that reply, and takes the plain one.
  CHECK_FALSE(postfix::read_reply(render_body(Dialect::postfix310, body).substr(3), false).fault.empty());
  CHECK(postfix::read_reply(std::string(plain).substr(3), false).fault.empty());
}

TEST_CASE("policy lines and what becomes of them", "[core]") {
  struct Row {
    const char *why, *line, *want;  // want: the policy_string as Postfix reads it, nullptr: left out
  };
  auto row = GENERATE(values<Row>({
      {"PFX-9: blanks and commas are held by the braces", "note: a, b  c", "note: a, b  c"},
      {"PFX-9: equals signs", "note: match=evil servername=evil", "note: match=evil servername=evil"},
      {"PFX-9: tab to a blank", "note:\ta", "note: a"},
      {"SM-9: UTF-8",
       "note: gr\xC3\xBC\xC3\x9F"
       "e",
       "note: gr\xC3\xBC\xC3\x9F"
       "e"},
      {"ANS-9: open brace", "note: a { b", nullptr},
      {"ANS-9: close brace", "note: a } match=evil { b", nullptr},
      {"ANS-9: balanced braces", "note: {}", nullptr},
      {"ANS-9: C1 control", "note: a\xC2\x85 b", nullptr},
      {"ANS-9: control", "note: a\x01", nullptr},
      {"ANS-9: DEL", "note: a\x7F", nullptr},
      {"ANS-9, SM-9: not UTF-8", "note: \xFF", nullptr},
      {"ANS-9, SM-9: cut UTF-8", "note: \xC3", nullptr},
      {"an empty line stands for the next mx", "", "mx: a.example"},
      {"PFX-13: a value of blanks is empty", " \t ", nullptr},
      {"U+00A0 is not a control",
       "note: a\xC2\xA0"
       "b",
       "note: a\xC2\xA0"
       "b"},
  }));
  INFO(row.why);
  std::string lines = "version: STSv1\n" + std::string(row.line) + "\nmode: enforce";
  std::string out = render(Dialect::postfix310, PolicyView{Mode::enforce, 1, mx_view("a.example"), lines});
  postfix::Reply reply = postfix::read_reply(out.substr(3), true);
  INFO(out);
  CHECK(reply.fault.empty());
  CHECK(reply.all("match") == std::vector<std::string>{"a.example"});  // ANS-9: never the match data
  std::vector<std::string> want = {"version: STSv1", "mode: enforce"};
  if (row.want) want.insert(want.begin() + 1, row.want);
  CHECK(reply.all("policy_string") == want);
}

TEST_CASE("PFX-18, PFX-41: all four STS attributes or none", "[core]") {
  std::string out =
      render(Dialect::postfix310, PolicyView{Mode::enforce, 1, mx_view("a.example"), "note: {}\nx: }"});
  CHECK(out == "OK secure match=a.example servername=hostname");
  CHECK(render(Dialect::postfix310, PolicyView{Mode::enforce, 1, mx_view("a.example"), "{"}) == out);
}

TEST_CASE("ANS-2: a policy without text of its own is rendered from its fields, as its text would be",
          "[core]") {
  Policy fields{Mode::enforce, 604800, test::mx_list("mx1.example.com\n*.example.net"), {}};
  std::string reply = render(Dialect::postfix310, view(fields));
  CHECK(reply.contains(" { policy_string = mx: *.example.net } { policy_string = max_age: 604800 }"));
  fields.lines = plain_lines(fields);
  CHECK(render(Dialect::postfix310, view(fields)) == reply);
}

TEST_CASE("PFX-30: words of Postfix's own never stand in match", "[core]") {
  struct Row {
    const char *why, *mx, *want;
  };
  auto row = GENERATE(values<Row>({
      {"beside a host", "hostname\na.example\nnexthop", "OK secure match=a.example servername=hostname"},
      {"dot-nexthop", "a.example\ndot-nexthop", "OK secure match=a.example servername=hostname"},
      {"alone: nobody can match, so nothing is sent", "nexthop", "TEMP "},
      {"all of them", "nexthop\nhostname\ndot-nexthop", "TEMP "},
      {"no mx at all", "", "TEMP "},
      {"as the base of a wildcard it is a name", "*.hostname",
       "OK secure match=.hostname servername=hostname"},
      {"within a name", "hostname.example", "OK secure match=hostname.example servername=hostname"},
  }));
  INFO(row.why);
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    std::string out = render(dialect, PolicyView{Mode::enforce, 1, mx_view(row.mx), "version: STSv1"});
    CHECK(out.starts_with(row.want));
    check_taken(dialect, out);
  }
}

TEST_CASE("SM-7: large policies fall back to the plain form, then to TEMP", "[core]") {
  auto policy = [](int count, std::size_t length, bool with_lines) {
    Policy made{Mode::enforce, 1, {}, "version: STSv1"};
    for (int i = 0; i < count; ++i) {
      std::string name = "m" + std::to_string(i) + "." + std::string(length, 'x') + ".example";
      made.mx.append(MxPattern::parse(name).value());
      if (with_lines) made.lines += "\nmx: " + name;
    }
    return made;
  };
  Policy small = policy(500, 10, true), large = policy(1000, 30, true), huge = policy(2000, 50, false);
  CHECK(render(Dialect::postfix310, view(small)).find("policy_type=sts") != std::string::npos);
  std::string fallback = render(Dialect::postfix310, view(large));
  CHECK(fallback.starts_with("OK secure match=m0."));
  CHECK(fallback.ends_with(" servername=hostname"));
  CHECK(fallback == render(Dialect::postfix, view(large)));
  check_taken(Dialect::postfix310, fallback);
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    CHECK(render(dialect, view(huge)).starts_with("TEMP the MTA-STS policy has too many mx names"));
    for (const Policy* p : {&small, &large, &huge}) CHECK(render(dialect, view(*p)).size() <= max_reply);
  }
}

TEST_CASE("the limit of a reply counts its own bytes, whatever stands before it", "[core]") {
  std::string out(max_reply, 'x');
  append_reply(out, Dialect::postfix, domain, {Verdict::dane, "5", "x", {}});
  PolicyLint lint = lint_policy(body);
  PolicyView policy = view(*lint.policy);
  append_reply(out, Dialect::postfix, domain, {Verdict::secure, "6", "x", {}, &policy});
  CHECK(out.substr(max_reply) == "OK dane" + std::string(plain));

  std::string names = "a.example";
  auto grow = [&](std::size_t size) {
    while (names.size() < size) names += "\na" + std::to_string(names.size()) + ".example";
    return test::mx_list(names);
  };
  const MxList many = grow(60'000), too_many = grow(200'000);
  for (std::size_t before : {0uz, 80'000uz, 500'000uz}) {
    for (Dialect dialect : {Dialect::postfix, Dialect::postfix310}) {
      out.assign(before, 'x');
      policy = {Mode::enforce, 1, many, "version: STSv1"};
      append_reply(out, dialect, domain, {Verdict::secure, "6", "x", {}, &policy});
      CHECK(out.substr(before).starts_with("OK secure match=a.example:a9.example:"));
      CHECK(out.ends_with(" servername=hostname"));
      out.assign(before, 'x');
      policy.mx = too_many;
      append_reply(out, dialect, domain, {Verdict::secure, "6", "x", {}, &policy});
      CHECK(out.substr(before).starts_with("TEMP "));
    }
  }
}

TEST_CASE("mode none is never rendered as secure, nor is a missing policy", "[core]") {
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    CHECK(render(dialect, PolicyView{Mode::none, 1, mx_view("a.example"), "version: STSv1"}) == "NOTFOUND ");
    CHECK(render(dialect, Decision{Verdict::secure, "6", "x", {}}).starts_with("TEMP "));
  }
  // Testing reaches this only when it is taken as enforce.
  CHECK(render(Dialect::postfix, PolicyView{Mode::testing, 1, mx_view("a.example"), ""})
            .starts_with("OK secure"));
}

TEST_CASE("SM-5, SM-6: PERM and TEMP are one printable line of 200 characters", "[core]") {
  std::string out = "x";
  append_perm(out, "unknown map \"a\nb\"");
  CHECK(out == "xPERM unknown map \"a?b\"");
  out.clear();
  append_perm(out, std::string(500, 'y'));
  CHECK(out == "PERM " + std::string(200, 'y'));
  out.clear();
  append_temp(out, std::string(500, 'y'));
  CHECK(out == "TEMP " + std::string(98, 'y') + "..." + std::string(98, 'y'));
  std::string detail;
  for (int i = 0; i < 100; ++i) detail += "zzzz ";
  out = render(Dialect::postfix, Decision{Verdict::temp, "3", "reason", detail});
  CHECK(out.size() == 5 + 200);
}

TEST_CASE("SM-6: the cause of a TEMP fits behind names of any length", "[core]") {
  const std::string label(61, 'd');
  const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                              "." + std::string(61, 'd');
  const std::string cause = "DNSSEC bogus: signature before inception date from 203.0.113.53";
  const std::string chain = " while building chain of trust";
  struct Row {
    const char* why;
    std::string detail, begin, end;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"as it is while it fits", "MX " + label + ".example: " + cause, "MX " + label + ".example: " + cause,
       ""},
      {"a name of 253 octets", "MX " + longest + ": " + cause, "MX aaaaaaaaaaaaaaaaaaaa",
       "dddddddddddddddddddd: " + cause},
      {"two of them", "TLSA _25._tcp." + longest + ": no DNSSEC records for DS " + longest + chain,
       "TLSA _25._tcp.aaaaaaaaaa", "dddddddddd" + chain},
  }));
  INFO(row.why);
  std::string out = render(Dialect::postfix, Decision{Verdict::temp, "3", "DANE undecided", row.detail});
  INFO(out);
  CHECK(out.size() <= 5 + 200);
  CHECK(out.starts_with("TEMP DANE undecided: " + row.begin));
  CHECK(out.ends_with(row.end));
}
