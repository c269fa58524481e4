#include "net/dns/delegation.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include <string>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr unsigned type_ns = 2, type_soa = 6, type_ds = 43, type_nsec = 47, type_nsec3 = 50;

using Octets = std::basic_string_view<unsigned char>;

// Whether a type's bit is set in a type bitmap (RFC 4034 §4.1.2): windows of a number, a length and the bits.
bool has_type(Octets bitmap, unsigned type) noexcept {
  while (bitmap.size() >= 2) {
    unsigned window = bitmap[0];
    std::size_t length = bitmap[1];
    if (length > bitmap.size() - 2) return false;
    if (window == type / 256) {
      unsigned bit = type % 256;
      return bit / 8 < length && (bitmap[2 + bit / 8] & (0x80u >> bit % 8)) != 0;
    }
    bitmap.remove_prefix(2 + length);
  }
  return false;
}

bool of_delegation(Octets bitmap) noexcept {
  return has_type(bitmap, type_ns) && !has_type(bitmap, type_ds) && !has_type(bitmap, type_soa);
}

// Behind the next name, which is not compressed (RFC 4034 §4.1.1).
Octets nsec_bitmap(const ns_rr& record) noexcept {
  const unsigned char* data = ns_rr_rdata(record);
  int skipped = dn_skipname(data, data + ns_rr_rdlen(record));
  if (skipped < 0) return {};
  return Octets(data, ns_rr_rdlen(record)).substr(static_cast<std::size_t>(skipped));
}

// Behind algorithm, flags, iterations, salt and next hash (RFC 5155 §3.2).
Octets nsec3_bitmap(const ns_rr& record) noexcept {
  Octets data(ns_rr_rdata(record), ns_rr_rdlen(record));
  for (std::size_t head : {4uz, 0uz}) {
    if (data.size() <= head || data.size() - head - 1 < data[head]) return {};
    data.remove_prefix(head + 1 + data[head]);
  }
  return data;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.ends_with('.')) a.remove_suffix(1);
  if (b.ends_with('.')) b.remove_suffix(1);
  return equal_folded(a, b);
}

}  // namespace

// An NSEC record says whose it is. An NSEC3 record has only a hash of that, but a secure denial without
// opt-out needs the record of the name itself, so if there is one alone it is that.
bool is_unsigned_delegation(std::string_view packet, std::string_view name) noexcept {
  ns_msg message;
  auto* bytes = reinterpret_cast<const unsigned char*>(packet.data());
  if (packet.size() > NS_MAXMSG || ns_initparse(bytes, static_cast<int>(packet.size()), &message) != 0)
    return false;
  unsigned hashed = 0;
  bool proved = false;
  for (int i = 0; i < ns_msg_count(message, ns_s_ns); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_ns, i, &record) != 0) return false;
    if (ns_rr_type(record) == type_nsec && same_name(ns_rr_name(record), name))
      return of_delegation(nsec_bitmap(record));
    if (ns_rr_type(record) != type_nsec3) continue;
    ++hashed;
    proved = of_delegation(nsec3_bitmap(record));
  }
  return hashed == 1 && proved;
}

}  // namespace mtasts
