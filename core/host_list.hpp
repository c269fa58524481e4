// host_list - the MX hosts of a next hop with their DANE states, as the text that the cache stores.
//
// One line for each host, in order of preference, joined by '\n': "LETTER GROUP NAME" without blanks. LETTER
// is the HostState. GROUP is '+' for the first host of a preference and '=' for the others. If the last
// lookup failed, a blank, the letter of the last proof and its time in seconds may follow:
//
//   f+mx.example.com u1790000000
//
// A list always has text of this form, so its readers need not check it again. They read it in place, without
// the heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/domain_name.hpp"
#include "core/parts.hpp"
#include "core/time.hpp"

namespace mtasts {

// The DANE state of an MX host. The letters are part of the stored form.
enum class HostState : char {
  usable = 'u',       // secure TLSA records, one of them usable
  unusable = 'n',     // secure TLSA records, none usable: TLS without authentication (DANE-8)
  none = '0',         // no TLSA records, securely denied
  insecure = 'i',     // address or TLSA lookup ended in an unsigned zone (DANE-13)
  failed = 'f',       // a lookup on the way to its TLSA records failed: it must not be used (DANE-5)
  lost = 'F',         // from earlier builds: failed, and had TLSA records at its last proof
  unreachable = 'x',  // has no address; does not count
  not_asked = '-',    // not looked up: the MX is insecure, or the host is too far down; does not count
};

constexpr bool has_failed(HostState state) noexcept {
  return state == HostState::failed || state == HostState::lost;
}

std::string_view words(HostState state) noexcept;  // "usable TLSA", "unusable TLSA", "no TLSA", …

// What a validated answer said about a host, and when.
struct HostProof {
  HostState state = HostState::none;  // usable, unusable, none, insecure or unreachable
  Time at{};
  friend bool operator==(const HostProof&, const HostProof&) = default;
};

// One host of a list; lives as long as the list's text.
class HostLine {
 public:
  HostState state() const noexcept { return static_cast<HostState>(line_[0]); }
  bool first_of_group() const noexcept { return line_[1] == '+'; }  // the first of its preference
  // In lower case, of the octets that host names have. Not always a DomainName: earlier builds accepted other
  // names too.
  std::string_view name() const noexcept { return line_.substr(head, line_.find(' ') - head); }
  std::optional<HostProof> proof() const noexcept;  // as stored; see last_proof() in core/dane.hpp

 private:
  friend class HostListView;
  explicit HostLine(std::string_view line) noexcept : line_(line) {}
  static constexpr std::size_t head = 2;  // letter and group

  std::string_view line_;
};

// A list, borrowed: for (HostLine host : hosts). Lives as long as what it was taken from.
class HostListView {
 public:
  using value_type = HostLine;
  using iterator = PartIterator<HostListView>;

  HostListView() = default;  // no hosts
  // nullopt: a line does not have the form above, or a '\n' does not stand between two lines. Never throws.
  static std::optional<HostListView> parse(std::string_view text) noexcept;

  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return {}; }
  friend bool operator==(const HostListView&, const HostListView&) = default;

 private:
  friend iterator;
  friend class HostList;
  friend class StoredDane;  // core/dane_codec.hpp; its parse() calls ours first
  explicit HostListView(std::string_view text) noexcept : text_(text) {}
  static HostLine read(std::string_view part) noexcept { return HostLine(part); }

  std::string_view text_;
};

// The same, owned.
class HostList {
 public:
  HostList() = default;  // no hosts
  explicit HostList(HostListView hosts) : text_(hosts.text()) {}

  // Adds a host at the end. A proof is left out if its state proves nothing (failed, lost, not_asked). A time
  // before 1970 is stored as 1970.
  void append(HostState state, bool first_of_group, const DomainName& name,
              const std::optional<HostProof>& proof = std::nullopt);

  operator HostListView() const noexcept { return HostListView(text_); }
  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  HostListView::iterator begin() const noexcept { return HostListView(text_).begin(); }
  HostListView::iterator end() const noexcept { return {}; }
  friend bool operator==(const HostList&, const HostList&) = default;

 private:
  std::string text_;
};

}  // namespace mtasts
