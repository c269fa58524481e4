#include "core/mx_pattern.hpp"

namespace mtasts {

std::optional<MxPattern> MxPattern::parse(std::string_view text) noexcept {
  if (text.size() > DomainName::max_size || text.ends_with('.')) return std::nullopt;
  bool wildcard = text.starts_with("*.");
  std::optional<DomainName> base = DomainName::parse(wildcard ? text.substr(2) : text);
  if (!base) return std::nullopt;
  return MxPattern(wildcard, *base);
}

bool MxPattern::matches(const DomainName& host) const noexcept {
  if (!wildcard_) return host == base_;
  std::size_t dot = host.str().find('.');
  return dot != std::string_view::npos && host.str().substr(dot + 1) == base_.str();
}

std::string MxPattern::text() const {
  std::string out = wildcard_ ? "*." : "";
  return out.append(base_.str());
}

}  // namespace mtasts
