#include "core/catalogue.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/catalogue_dane.hpp"
#include "core/catalogue_input.hpp"
#include "core/catalogue_mx.hpp"
#include "core/catalogue_policy.hpp"
#include "core/catalogue_policy_host.hpp"
#include "core/catalogue_record.hpp"
#include "core/catalogue_smtp.hpp"
#include "core/catalogue_tlsrpt.hpp"

namespace mtasts {
namespace {

template <std::size_t... sizes>
constexpr auto joined(const std::array<CatalogueEntry, sizes>&... groups) {
  std::array<CatalogueEntry, (sizes + ...)> all{};
  auto next = all.begin();
  ((next = std::ranges::copy(groups, next).out), ...);
  return all;
}

constexpr auto entries = joined(record_findings, policy_host_findings, policy_findings, mx_findings,
                                smtp_findings, tlsrpt_findings, dane_findings, input_findings);

constexpr bool in_order(const CatalogueEntry& a, const CatalogueEntry& b) noexcept {
  return a.number != b.number ? a.number < b.number : a.code < b.code;
}
static_assert(std::ranges::is_sorted(entries, in_order), "sort the findings by number, then by code");

// The entries by code, so that a finding is made quickly.
constexpr auto by_code = [] {
  std::array<const CatalogueEntry*, entries.size()> sorted{};
  std::ranges::transform(entries, sorted.begin(), [](const CatalogueEntry& entry) { return &entry; });
  std::ranges::sort(sorted, {}, &CatalogueEntry::code);
  return sorted;
}();
static_assert(std::ranges::adjacent_find(by_code, {}, &CatalogueEntry::code) == by_code.end(),
              "each code stands in the catalogue once");

}  // namespace

std::span<const CatalogueEntry> catalogue() noexcept { return entries; }

const CatalogueEntry* find_code(std::string_view code) noexcept {
  auto found = std::ranges::lower_bound(by_code, code, {}, &CatalogueEntry::code);
  return found != by_code.end() && (*found)->code == code ? *found : nullptr;
}

Finding make_finding(std::string_view code, std::string message, Where where, std::string evidence) {
  const CatalogueEntry* entry = find_code(code);
  assert(entry != nullptr);  // tests/lint/catalogue holds the sources to it
  if (entry == nullptr)
    return {code, Severity::error, std::move(message), std::move(where), std::move(evidence)};
  return {entry->code, entry->severity, std::move(message), std::move(where), std::move(evidence)};
}

}  // namespace mtasts
