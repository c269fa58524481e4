// Input: a stored clock mark or host memory, without its checksum. Properties: what is decoded is encoded to
// the same octets (an older form: to octets that decode to the same), and whatever the mark, a doubt about
// the clock ends only when it may.
#include <string>

#include "core/crc32c.hpp"
#include "core/dane_codec.hpp"
#include "core/host_memory.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

void begin_with(const ClockMark& mark) {
  const ClockReading now{Time(std::chrono::seconds(1'800'000'000)), std::chrono::seconds(1000)};
  for (const BootId& boot : {mark.boot, BootId{}}) {
    ClockBelief belief = first_belief(now, boot, {Time{}, mark});
    Moment moment = moment_of(belief, now);
    require(moment.clock.certain == (belief.doubt == ClockDoubt::none), "the moment tells the doubt");
    require(moment.judged_at() <= moment.now, "policies are judged by a time that has come");
    require(moment_of(vouch(belief, now), now).clock.certain == moment.clock.certain, "a doubt lasts");
    const ClockReading later{now.wall + settle_time, now.boottime + settle_time};
    require(vouch(belief, later).doubt == ClockDoubt::none, "and ends");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(fuzz::text_of(data, size));
  append_little(bytes, crc32c(bytes), 4);
  if (auto memory = decode_host_memory(bytes)) {
    const std::string again = encode(*memory);
    require(again == bytes || again.size() > bytes.size(), "the same octets, or of an older form");
    require(decode_host_memory(again) == memory, "the same host memory");
  }
  if (auto mark = decode_clock_mark(bytes)) {
    require(encode(*mark) == bytes, "the same mark");
    begin_with(*mark);
  }
  return 0;
}
