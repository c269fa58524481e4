// Input: the RDATA of a TLSA record, and the same octets as its text. Properties: what is decoded is written
// and read back the same; what counts as usable has the values that RFC 7672 §3.1 allows; a certificate or
// key with one octet more or less is not one.

#include <string>

#include "core/tlsa.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

void check_der(const std::string& der) {
  for (auto is_one : {is_der_certificate, is_der_public_key}) {
    if (!is_one(der)) continue;
    require(!is_one(der + '\0'), "nothing follows");
    require(!is_one(std::string_view(der).substr(0, der.size() - 1)), "nothing is missing");
  }
  require(!is_der_certificate(der) || !is_der_public_key(der), "a certificate is not a key");
}

void check_rdata(std::string_view rdata) {
  auto tlsa = decode_tlsa(rdata);
  require(tlsa.has_value() == (rdata.size() > 3), "three fields and an octet");
  if (!tlsa) return;
  require(tlsa_rdata(tlsa_text(*tlsa)) == rdata, "written and read again the same");
  check_der(std::string(tlsa->data));
  if (!why_unusable(*tlsa).empty()) return;
  require(tlsa->usage == 2 || tlsa->usage == 3, "DANE-TA or DANE-EE");
  require(tlsa->selector <= 1, "a certificate or a key");
  require(tlsa->matching != 1 || tlsa->data.size() == 32, "SHA2-256");
  require(tlsa->matching != 2 || tlsa->data.size() == 64, "SHA2-512");
  require(tlsa->matching <= 2, "a known matching type");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  check_rdata(input);
  auto rdata = tlsa_rdata(input);
  if (!rdata) return 0;
  require(rdata->size() > 3, "text of a record has data");
  require(tlsa_rdata(tlsa_text(*decode_tlsa(*rdata))) == *rdata, "a text's record is read again the same");
  return 0;
}
