// Input: a lookup key. Properties: a key with a domain equals one built again from its parts; parents and
// addresses never have one; what is accepted as an address, CIDR block, map name or MX pattern is read back
// unchanged.

#include <string>
#include <variant>

#include "core/address.hpp"
#include "core/map_name.hpp"
#include "core/mx_pattern.hpp"
#include "core/next_hop.hpp"
#include "core/text.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

void check_hop(std::string_view key, const NextHop& hop) {
  require(!key.starts_with('.'), "parents have no policy");
  require(!parse_address(hop.domain.str()), "addresses have no policy");
  require(hop.bracketed == key.starts_with('['), "brackets");
  std::string again(hop.domain.str());
  if (hop.bracketed) again = "[" + again + "]";
  if (!hop.port.empty()) again.append(":").append(hop.port);
  auto parsed = parse_next_hop(again);
  const NextHop* same = std::get_if<NextHop>(&parsed);
  require(same && same->domain == hop.domain && same->port == hop.port && same->bracketed == hop.bracketed,
          "a key is its parts");
}

void check_name(std::string_view text) {
  std::optional<DomainName> name = DomainName::parse(text);
  if (!name) return;
  require(DomainName::parse(name->str()) == name, "a name is read back");
  require(name->str().size() <= DomainName::max_size && !name->str().ends_with('.'), "a name is bounded");
  for (char c : name->str())
    require(is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.', "a name is LDH and _");
  require(!parse_address(name->str()), "a name is not an address");
  require(std::hash<DomainName>{}(*name) == std::hash<DomainName>{}(*DomainName::parse(name->str())),
          "hashes agree");
  std::optional<DomainName> parent = name->parent();
  if (parent) require(DomainName::parse(parent->str()) == parent, "a parent is a name");
  std::optional<MxPattern> wildcard =
      parent ? MxPattern::parse("*." + std::string(parent->str())) : std::nullopt;
  if (wildcard) require(wildcard->matches(*name) && !wildcard->matches(*parent), "a wildcard is one label");
}

void check_pattern(std::string_view text) {
  std::optional<MxPattern> pattern = MxPattern::parse(text);
  if (pattern)
    require(MxPattern::parse(pattern->text())->text() == pattern->text(), "a pattern is read back");
}

void check_address(std::string_view text) {
  if (auto address = parse_address(text)) {
    require(parse_address(to_string(*address)) == address, "an address is read back");
    require(may_dial(*address, {}) == special_use(*address).empty(), "special means not dialled");
  }
  if (auto block = parse_cidr(text)) {
    require(contains(*block, block->base), "a block holds its base");
    require(block->bits <= (block->base.v6 ? 128u : 32u), "a block is no longer than an address");
    require(may_dial(block->base, {&*block, 1}), "an allowed block is dialled");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  auto parsed = parse_next_hop(text);
  if (const NextHop* hop = std::get_if<NextHop>(&parsed)) check_hop(text, *hop);
  check_name(text);
  check_pattern(text);
  check_address(text);
  if (auto map = parse_map_name(text)) {
    std::string again(words(map->dialect));
    if (!map->zone.empty()) again.append("/").append(map->zone);
    require(again == text, "a map name is its parts");
  }
  return 0;
}
