#include "core/postfix_answer.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "core/text.hpp"

using namespace mtasts;
using Catch::Generators::values;

namespace {

std::string pairs(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += i == 0 ? "A1" : ":b2";
  return text;
}

std::string taken(std::string_view text) {
  auto answer = check_postfix_answer(text);
  if (!answer) return "refused: " + answer.error().detail;
  return std::string(answer->level) + (answer->may_be_plaintext ? ", plaintext" : "");
}

}  // namespace

TEST_CASE("answers that every Postfix since 3.4 accepts", "[core]") {
  struct Row {
    const char* why;
    std::string text, want;
  };
  auto row = GENERATE(values<Row>({
      {"PFX-1 level alone", "encrypt", "encrypt"},
      {"PFX-1 level in any case", "SeCuRe", "secure"},
      {"PFX-1 blanks and commas", " ,secure ,, servername=hostname , match=a.example,", "secure"},
      {"PFX-1 none", "none", "none, plaintext"},
      {"PFX-4 may", "may", "may, plaintext"},
      {"PFX-31 dane is Postfix's own to decide", "dane", "dane"},
      {"PFX-31 dane-only", "DANE-only", "dane-only"},
      {"PFX-6 verify without match", "verify", "verify"},
      {"PFX-9 names in any case", "secure MATCH=a.example ServerName=mx.example", "secure"},
      {"PFX-10 names", "secure match=mx1.example:.example.net:MX2.example", "secure"},
      {"PFX-10 repeated", "secure match=a.example match=b.example", "secure"},
      {"PFX-10 at verify", "verify match=hostname", "verify"},
      {"PFX-10 a fingerprint, SHA-256", "fingerprint match=" + pairs(32), "fingerprint"},
      {"PFX-10 fingerprints", "fingerprint match=" + pairs(16) + "|" + pairs(20) + "|" + pairs(64),
       "fingerprint"},
      {"PFX-10 fingerprints may stand in main.cf", "fingerprint", "fingerprint"},
      {"PFX-11 hostname", "encrypt servername=hostname", "encrypt"},
      {"PFX-11 nexthop", "may servername=nexthop", "may, plaintext"},
      {"PFX-11 a name", "dane servername=MX.example.com", "dane"},
      {"PFX-12 grade", "encrypt ciphers=High", "encrypt"},
      {"PFX-12 no encryption at all", "secure ciphers=NULL", "secure, plaintext"},
      {"PFX-12 protocols", "encrypt protocols=!SSLv2:!sslv3:TLSv1.2", "encrypt"},
      {"PFX-12 exclude", "encrypt exclude=aNULL:kRSA+AES:DES-CBC3-SHA:TLS_AES_128", "encrypt"},
      {"PFX-12 files", "secure tafile=/etc/ca=1.pem tafile=/etc/ca2.pem", "secure"},
      {"PFX-12 connection_reuse", "encrypt connection_reuse=Yes", "encrypt"},
      {"PFX-30 words in any case", "secure match=NextHop:dot-nexthop:HOSTNAME", "secure"},
      {"1000 octets", "encrypt" + std::string(993, ' '), "encrypt"},
  }));
  INFO(row.why);
  CHECK(taken(row.text) == row.want);
}

TEST_CASE("answers that some Postfix would not accept are refused with a remedy", "[core]") {
  struct Row {
    const char* why;
    std::string text, want;
  };
  auto row = GENERATE(values<Row>({
      {"empty", "", "is empty; write a level"},
      {"blanks", " , ", "is empty; write a level"},
      {"PFX-1 output only", "HalfDANE", "\"HalfDANE\" is a level that Postfix logs"},
      {"PFX-1 unknown level", "secured", "\"secured\" is not a level; use none, may"},
      {"PFX-1 no level", "match=a.example", "\"match=a.example\" is not a level"},
      {"PFX-1 reply of a map", "OK secure", "\"OK\" is not a level"},
      {"PFX-5 ignored", "none servername=hostname", "\"servername=hostname\" is ignored by Postfix at"},
      {"PFX-9 braces", "secure { match = a.example }", "\"secure { match = a.example }\" has a brace"},
      {"PFX-9 closing brace", "secure match=a}", "\"secure match=a}\" has a brace"},
      {"PFX-10 at encrypt", "encrypt match=a.example", "\"match\" is not accepted at level encrypt"},
      {"PFX-10 at may", "may match=a.example", "\"match\" is not accepted at level may"},
      {"PFX-10 at dane", "dane match=a.example", "\"match\" is not accepted at level dane"},
      {"PFX-10 at dane-only", "dane-only match=a.example", "\"match\" is not accepted at level dane-only"},
      {"PFX-10 empty", "secure match=", "\"match\" has no value"},
      {"PFX-10 an empty name", "secure match=a.example::b.example", "\"\" is not a name for match="},
      {"PFX-10 \"|\" is for fingerprints", "secure match=a.example|b.example", "\"a.example|b.example\" is"},
      {"PFX-10 \":\" is for names", "fingerprint match=a.example:b.example",
       "\"a.example:b.example\" is not a "},
      {"PFX-10 a fingerprint too short", "fingerprint match=" + pairs(15), "\"A1:b2:b2"},
      {"PFX-10 no colons", "fingerprint match=" + std::string(40, 'A'), "\"AAAA"},
      {"PFX-10 no hexadecimal", "fingerprint match=" + pairs(19) + ":G0", "\"A1:b2:"},
      {"PFX-10 an empty fingerprint", "fingerprint match=" + pairs(20) + "|", "\"\" is not a fingerprint"},
      {"PFX-11 upper case", "secure servername=Hostname", "\"Hostname\" would be sent as a host name"},
      {"PFX-11 no name", "secure servername=192.0.2.1", "\"192.0.2.1\" is not a server name"},
      {"PFX-11 final dot", "secure servername=mx.example.", "\"mx.example.\" is not a server name"},
      {"PFX-11 wildcard", "secure servername=*.example", "\"*.example\" is not a server name"},
      {"PFX-11 empty", "secure servername=", "\"servername\" has no value"},
      {"PFX-12 grade", "encrypt ciphers=strong", "\"strong\" is not a cipher grade"},
      {"PFX-12 a list of ciphers", "encrypt ciphers=high:medium", "\"high:medium\" is not a cipher grade"},
      {"PFX-12 since 3.6", "encrypt protocols=>=TLSv1.2", "\">=TLSv1.2\" needs Postfix 3.6"},
      {"PFX-12 since 3.6", "encrypt protocols=<=TLSv1.2", "\"<=TLSv1.2\" needs Postfix 3.6"},
      {"PFX-12 protocol", "encrypt protocols=TLSv1.4", "\"TLSv1.4\" is not a protocol"},
      {"PFX-12 no protocol", "encrypt protocols=TLSv1:", "\"\" is not a protocol"},
      {"PFX-12 modifier", "encrypt exclude=!aNULL", "\"!aNULL\" is not a cipher to exclude"},
      {"PFX-12 modifier", "encrypt exclude=aNULL:-DES", "\"-DES\" is not a cipher to exclude"},
      {"PFX-12 tafile without CAs", "fingerprint tafile=/etc/ca.pem",
       "\"tafile\" is accepted at the levels "},
      {"PFX-12 yes or no", "encrypt connection_reuse=on", "\"on\" is neither yes nor no"},
      {"PFX-12 since 3.9", "encrypt enable_rpk=yes", "\"enable_rpk\" needs Postfix 3.9"},
      {"PFX-13 unknown", "secure macth=a.example", "\"macth\" is not an attribute; use match"},
      {"PFX-13 no name", "secure =a.example", "\"\" is not an attribute"},
      {"PFX-13 no =", "secure match", "\"match\" is not an attribute; write name=value"},
      {"PFX-13 blanks at =", "secure match = a.example", "\"match\" is not an attribute; write name=value"},
      {"PFX-13 two levels", "secure encrypt", "\"encrypt\" is not an attribute; write name=value"},
      {"PFX-13 twice", "secure servername=hostname ServerName=nexthop", "\"servername\" is there twice"},
      {"PFX-13 twice", "encrypt ciphers=high ciphers=high", "\"ciphers\" is there twice"},
      {"PFX-13 twice", "encrypt protocols=TLSv1.2 protocols=TLSv1.3", "\"protocols\" is there twice"},
      {"PFX-13 twice", "encrypt exclude=DES exclude=RC4", "\"exclude\" is there twice"},
      {"the last would win", "encrypt connection_reuse=no connection_reuse=yes",
       "\"connection_reuse\" is th"},
      {"PFX-14 since 3.10", "secure policy_type=sts", "\"policy_type\" needs Postfix 3.10"},
      {"PFX-15 since 3.10", "secure policy_domain=a.example", "\"policy_domain\" needs Postfix 3.10"},
      {"PFX-16 since 3.10", "secure Policy_String=x", "\"policy_string\" needs Postfix 3.10"},
      {"PFX-16 since 3.10", "secure mx_host_pattern=x", "\"mx_host_pattern\" needs Postfix 3.10"},
      {"PFX-17 since 3.10", "secure policy_failure=x", "\"policy_failure\" needs Postfix 3.10"},
      {"PFX-17 since 3.10", "secure policy_ttl=1", "\"policy_ttl\" needs Postfix 3.10"},
      {"PFX-29 a policy's form", "secure match=*.example.com",
       "\"*.example.com\" is not a form that Postfix kno"},
      {"PFX-30 a lone dot", "secure match=.", "\".\" is not a name for match="},
      {"PFX-30 an address", "secure match=192.0.2.1", "\"192.0.2.1\" is not a name for match="},
      {"PFX-30 final dot", "secure match=mx.example.", "\"mx.example.\" is not a name for match="},
      {"SM-14 a second line", "secure\nmatch=a.example", "\"secure\\x0amatch=a.example\" holds a control"},
      {"a tab", "secure\tmatch=a.example", "\"secure\\x09match=a.example\" holds a control"},
      {"a NUL", std::string("may\0", 4), "\"may\\x00\" holds a control"},
      {"U-labels", "secure match=b\u00fccher.example", "\"secure match=b\\xc3\\xbccher.example\" holds a"},
      {"1001 octets", "encrypt" + std::string(994, ' '), "is longer than 1000 octets"},
  }));
  INFO(row.why << ": " << row.text);
  auto answer = check_postfix_answer(row.text);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == Fault::syntax);
  CHECK(answer.error().detail.starts_with(row.want));
  CHECK(answer.error().detail.contains("; "));
  CHECK(std::ranges::all_of(answer.error().detail, is_printable));
}

TEST_CASE("PFX-29: the remedy for a wildcard is Postfix's own form", "[core]") {
  CHECK(taken("secure match=*.example.com").contains("write \".example.com\""));
  CHECK(taken("secure match=.example.com") == "secure");
}
