#include "answer/key.hpp"

#include "idn/to_a_labels.hpp"

namespace mtasts {
namespace {

// The part of the key that is a name: what is between the brackets, or what comes before the port.
std::string_view name_part(std::string_view key) {
  if (key.starts_with('['))
    return key.substr(1, key.find(']') == std::string_view::npos ? 0 : key.find(']') - 1);
  return key.substr(0, key.rfind(':'));
}

}  // namespace

std::string_view words(const Key& key) noexcept {
  if (key.idna_failed) return "not a valid internationalised name";
  const auto* why = std::get_if<NotAHost>(&key.next_hop);
  return why != nullptr ? words(*why) : std::string_view();
}

Key read_key(std::string_view key, std::string& scratch) {
  if (!has_u_labels(key) || key.starts_with('.')) return {parse_next_hop(key)};
  std::string_view name = name_part(key);
  auto converted = to_a_labels(name);
  if (!converted) return {NotAHost::not_a_name, true};
  auto begin = static_cast<std::size_t>(name.data() - key.data());
  scratch.assign(key.substr(0, begin)).append(*converted).append(key.substr(begin + name.size()));
  Key result{parse_next_hop(scratch)};
  result.idna_failed = std::holds_alternative<NotAHost>(result.next_hop);
  return result;
}

}  // namespace mtasts
