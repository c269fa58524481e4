// catalogue - every finding that mtastsd's checks can make: what it means, why it matters, how to mend it.
//
// `lint`, `check`, `smtp`, `explain` and docs/CHECKS.md print from it. A code, once published, stays.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/finding.hpp"

namespace mtasts {

struct CatalogueEntry {
  std::string_view code;    // "mx-not-in-policy"
  unsigned number;          // of docs/CHECKS.md, in groups: 101 record, 201 policy host, 301 policy, 401 MX …
  Severity severity;        // where the finding itself sets no other
  std::string_view what;    // one sentence: what is wrong
  std::string_view why;     // one sentence: what happens to mail, or to whom it matters
  std::string_view mend;    // one or two sentences in the imperative
  std::string_view source;  // "RFC 8461 section 3.1"
  std::string_view guide;   // a link for further reading, or empty
};

// In the order of their numbers, and by code within one.
std::span<const CatalogueEntry> catalogue() noexcept;

// nullptr: no such code.
const CatalogueEntry* find_code(std::string_view code) noexcept;

// A finding with its catalogue's severity. REQUIRES: the catalogue has the code, which is a literal.
Finding make_finding(std::string_view code, std::string message, Where where = {}, std::string evidence = {});

}  // namespace mtasts
