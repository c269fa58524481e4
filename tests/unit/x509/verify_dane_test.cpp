#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>

#include "tests/unit/x509/made.hpp"
#include "x509/certificate.hpp"
#include "x509/openssl.hpp"

using namespace mtasts;
using test::Made;
using test::now;
using test::tlsa_of;
using test::Wanted;
using State = DaneVerdict::State;

namespace {

using Records = std::vector<std::string>;
using std::chrono::days;

struct World {
  Made root = test::new_authority("Root");
  Made authority = test::new_authority("CA", &root);
  Made leaf{Wanted{}, &authority}, next{Wanted{}, &authority};
  Made other = test::new_authority("Other CA");

  static DaneVerdict judge(const std::vector<Made>& chain, const Records& records,
                           const std::vector<std::string>& names = {"mx.good.example"}) {
    std::vector<std::string> octets;
    for (const Made& made : chain) octets.push_back(made.der());
    return verify_dane(octets, records, names, now);
  }
  Made issued(const Wanted& wanted) const { return Made(wanted, &authority); }
};

std::string text(const std::string& rdata) { return tlsa_text(decode_tlsa(rdata).value()); }

}  // namespace

TEST_CASE("DANE-18: usage 3 matches the leaf by its octets alone", "[x509]") {
  World w;
  for (unsigned selector : {0u, 1u}) {
    for (unsigned matching : {0u, 1u, 2u}) {
      INFO("3 " << selector << ' ' << matching);
      std::string record = tlsa_of(3, selector, matching, w.leaf);
      DaneVerdict good = World::judge({w.leaf, w.authority}, {record});
      CHECK(good.state == State::match);
      CHECK(good.matched == text(record));
      CHECK(good.error == 0);
      CHECK(good.words.empty());
      // 704: a record of the next key, which is not in use; and one of the authority, which is not the leaf.
      for (const Made& made : {w.next, w.authority}) {
        DaneVerdict stale = World::judge({w.leaf, w.authority}, {tlsa_of(3, selector, matching, made)});
        CHECK(stale.state == State::no_match);
        CHECK(stale.error == X509_V_ERR_DANE_NO_MATCH);
        CHECK(stale.matched.empty());
      }
    }
  }
}

TEST_CASE("DANE-18: neither names, dates nor issuers count for usage 3", "[x509]") {
  World w;
  struct Row {
    const char* why;
    Made leaf;
  };
  for (const Row& row :
       {Row{"714: expired", w.issued({.begins = now - days(9), .ends = now - days(1)})},
        Row{"714: not yet valid", w.issued({.begins = now + days(1), .ends = now + days(9)})},
        Row{"714: another name", w.issued({.names = "DNS:other.example"})},
        Row{"no name", w.issued({.common_name = "", .names = ""})}, Row{"self-signed", Made({})},
        Row{"not for servers", w.issued({.more = "extendedKeyUsage=clientAuth"})},
        Row{"Ed25519", w.issued({.key = "Ed25519"})}, Row{"SHA-1", w.issued({.digest = "SHA1"})},
        Row{"RSA 1024", w.issued({.key = "RSA 1024"})}}) {
    INFO(row.why);
    CHECK(World::judge({row.leaf}, {tlsa_of(3, 1, 1, row.leaf)}).state == State::match);
    CHECK(World::judge({row.leaf}, {tlsa_of(3, 1, 1, row.leaf)}, {}).state == State::match);
  }
}

TEST_CASE("PFX-46: a key below 80 bits of security authenticates nobody", "[x509]") {
  World w;
  Made weak = w.issued({.key = "RSA 768"});
  DaneVerdict verdict = World::judge({weak}, {tlsa_of(3, 1, 1, weak)});
  CHECK(verdict.state == State::no_match);
  CHECK(verdict.error == X509_V_ERR_EE_KEY_TOO_SMALL);
}

TEST_CASE("DANE-19: usage 2 matches an authority of the chain", "[x509]") {
  World w;
  for (unsigned selector : {0u, 1u}) {
    for (unsigned matching : {0u, 1u, 2u}) {
      INFO("2 " << selector << ' ' << matching);
      for (const Made& anchor : {w.authority, w.root}) {
        std::string record = tlsa_of(2, selector, matching, anchor);
        DaneVerdict good = World::judge({w.leaf, w.authority, w.root}, {record});
        CHECK(good.state == State::match);
        CHECK(good.matched == text(record));
      }
      DaneVerdict wrong =
          World::judge({w.leaf, w.authority, w.root}, {tlsa_of(2, selector, matching, w.other)});
      CHECK(wrong.state == State::no_match);
    }
  }
}

TEST_CASE("DANE-19: the trust anchor has to be in the chain, unless the record has the whole of it",
          "[x509]") {
  World w;
  for (unsigned selector : {0u, 1u}) {
    for (unsigned matching : {1u, 2u}) {
      DaneVerdict verdict = World::judge({w.leaf}, {tlsa_of(2, selector, matching, w.authority)});  // 707
      CHECK(verdict.state == State::no_match);
      CHECK(verdict.error == X509_V_ERR_DANE_NO_MATCH);
    }
    CHECK(World::judge({w.leaf}, {tlsa_of(2, selector, 0, w.authority)}).state == State::match);
  }
}

TEST_CASE("DANE-19: for usage 2 names and dates count", "[x509]") {
  World w;
  Records record{tlsa_of(2, 1, 1, w.authority)};
  struct Row {
    const char* why;
    Made leaf;
    State state;
    int error;
  };
  for (const Row& row :
       {Row{"good", w.leaf, State::match, X509_V_OK},
        Row{"708: another name", w.issued({.names = "DNS:other.example"}), State::bad_name,
            X509_V_ERR_HOSTNAME_MISMATCH},
        Row{"708: an address", w.issued({.common_name = "", .names = "IP:192.0.2.1"}), State::bad_name,
            X509_V_ERR_HOSTNAME_MISMATCH},
        Row{"708: part of a label", w.issued({.names = "DNS:m*.good.example"}), State::bad_name,
            X509_V_ERR_HOSTNAME_MISMATCH},
        Row{"a wildcard", w.issued({.names = "DNS:*.good.example"}), State::match, X509_V_OK},
        Row{"DANE-20: the common name counts where there is no DNS name", w.issued({.names = ""}),
            State::match, X509_V_OK},
        Row{"DANE-20: it does not beside a DNS name", w.issued({.names = "DNS:x.example"}), State::bad_name,
            X509_V_ERR_HOSTNAME_MISMATCH},
        Row{"expired", w.issued({.begins = now - days(9), .ends = now - days(1)}), State::no_match,
            X509_V_ERR_CERT_HAS_EXPIRED},
        Row{"not yet valid", w.issued({.begins = now + days(1), .ends = now + days(9)}), State::no_match,
            X509_V_ERR_CERT_NOT_YET_VALID}}) {
    INFO(row.why);
    DaneVerdict verdict = World::judge({row.leaf, w.authority}, record);
    CHECK(verdict.state == row.state);
    CHECK(verdict.error == row.error);
    CHECK(verdict.words.empty() == (row.error == X509_V_OK));
  }
}

TEST_CASE("any of the names will do, and without one none", "[x509]") {
  World w;
  Records record{tlsa_of(2, 1, 1, w.authority)};
  auto judged = [&](const std::vector<std::string>& names) {
    return World::judge({w.leaf, w.authority}, record, names).state;
  };
  CHECK(judged({"other.example", "mx.good.example"}) == State::match);
  CHECK(judged({"other.example", "good.example"}) == State::bad_name);
  CHECK(judged({"MX.good.example."}) == State::match);
  CHECK(judged({}) == State::bad_name);
  CHECK(judged({""}) == State::bad_name);
  CHECK(judged({".good.example"}) == State::bad_name);  // would stand for any host below, if OpenSSL saw it
}

TEST_CASE("superfluous certificates and their order do not matter", "[x509]") {
  World w;
  Records record{tlsa_of(2, 0, 1, w.root)};
  CHECK(World::judge({w.leaf, w.root, w.authority}, record).state == State::match);
  CHECK(World::judge({w.leaf, w.other, w.authority, w.next, w.root, w.root}, record).state == State::match);
}

TEST_CASE("one record that matches is enough", "[x509]") {
  World w;
  std::string stale = tlsa_of(3, 1, 1, w.next), anchor = tlsa_of(2, 1, 1, w.authority);
  DaneVerdict verdict = World::judge({w.leaf, w.authority}, {stale, anchor});
  CHECK(verdict.state == State::match);
  CHECK(verdict.matched == text(anchor));
  std::string current = tlsa_of(3, 1, 1, w.leaf);
  CHECK(World::judge({w.leaf}, {stale, current}).matched == text(current));
}

TEST_CASE("DANE-21: a weaker digest does not count beside a stronger one", "[x509]") {
  World w;
  std::string sha256 = tlsa_of(3, 1, 1, w.leaf), stale = tlsa_of(3, 1, 2, w.next);
  CHECK(World::judge({w.leaf}, {sha256, stale}).state == State::no_match);
  CHECK(World::judge({w.leaf}, {sha256, tlsa_of(3, 0, 2, w.next)}).state ==
        State::match);  // another selector
}

TEST_CASE("DANE-16, DANE-17: records that can't be used are ignored", "[x509]") {
  World w;
  std::string good = tlsa_of(3, 1, 1, w.leaf);
  Records unusable{
      tlsa_of(0, 0, 1, w.root), tlsa_of(1, 1, 1, w.leaf), tlsa_of(4, 1, 1, w.leaf),
      std::string("\3\1\1\1", 4), tlsa_of(3, 2, 1, w.leaf), std::string("\3\1\3", 3) + std::string(32, '\1'),
      "", "\3",
      // of the shape of a certificate, but not one
      std::string("\3\0\0\x30\x16\x30\x07\0\0\0\0\0\0\0\x30\x05\x06\x03\x2a\x03\x04\x03\x04\0\x11\x22\x33",
                  27)};
  CHECK(World::judge({w.leaf}, unusable).state == State::no_usable);
  CHECK(World::judge({w.leaf}, {}).state == State::no_usable);
  CHECK(World::judge({}, unusable).state == State::no_usable);
  unusable.push_back(good);
  CHECK(World::judge({w.leaf}, unusable).matched == text(good));
}

TEST_CASE("without a chain nothing is judged", "[x509]") {
  World w;
  Records record{tlsa_of(3, 1, 1, w.leaf)};
  CHECK(World::judge({}, record).state == State::not_judged);
  CHECK(verify_dane(std::vector<std::string>{"junk"}, record, {}, now).state == State::not_judged);
  CHECK(verify_dane(std::vector<std::string>{w.leaf.der(), "junk"}, record, {}, now).state ==
        State::not_judged);
}
