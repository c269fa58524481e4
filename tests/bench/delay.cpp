// bench_delay - a wire between two network namespaces that delays each packet by a given time. It makes a TUN
// device in both, prints "ready", and carries IP packets until SIGTERM. The caller gives the devices their
// addresses.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t mtu = 1500;
constexpr std::size_t most_packets = 20000;  // under way in one direction; further packets are dropped
constexpr std::string_view usage =
    "usage: bench_delay --a NAMESPACE:DEVICE --b NAMESPACE:DEVICE --one-way-ms N [--capture FILE]\n"
    "--capture: a pcap file of the packets as side b sees them\n";

struct Options {
  std::string a, b, capture;
  nanoseconds one_way{};
};

struct Packet {
  Clock::time_point due;
  std::size_t size = 0;
  std::array<unsigned char, mtu> data;
};

// One direction: the packets read from one device and not yet written to the other.
struct Direction {
  int from = -1, to = -1;
  bool captured_on_entry = false;  // else it is captured when it leaves
  std::deque<Packet> packets;
};

int checked(int result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    std::string value = argv[i + 1];
    if (name == "--a") options.a = value;
    if (name == "--b") options.b = value;
    if (name == "--capture") options.capture = value;
    if (name == "--one-way-ms") options.one_way = nanoseconds(std::llround(std::stod(value) * 1e6));
  }
  if (argc % 2 == 0 || options.a.empty() || options.b.empty())
    throw std::invalid_argument(std::string(usage));
  return options;
}

// A TUN device stays in the namespace in which /dev/net/tun was opened.
int open_device(const std::string& where) {
  auto colon = where.find(':');
  if (colon == std::string::npos) throw std::invalid_argument(std::string(usage));
  std::string path = "/run/netns/" + where.substr(0, colon), device = where.substr(colon + 1);
  int home = checked(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace");
  int there = checked(open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  checked(setns(there, CLONE_NEWNET), path);
  int fd = checked(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
  checked(ioctl(fd, TUNSETIFF, &request), "TUN device " + device);
  checked(setns(home, CLONE_NEWNET), "own namespace");
  close(there);
  close(home);
  return fd;
}

// The pcap format (draft-ietf-opsawg-pcap) with nanoseconds, link type 101: raw IP.
class Capture {
 public:
  explicit Capture(const std::string& path) {
    if (path.empty()) return;
    file_ = std::fopen(path.c_str(), "wb");
    checked(file_ ? 0 : -1, path);
    const std::array<std::uint32_t, 6> head{0xa1b23c4d, 2 | 4U << 16U, 0, 0, 65535, 101};
    std::fwrite(head.data(), sizeof head, 1, file_);
    std::fflush(file_);
  }

  void add(const Packet& packet) {
    if (file_ == nullptr) return;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    auto size = static_cast<std::uint32_t>(packet.size);
    const std::array<std::uint32_t, 4> head{static_cast<std::uint32_t>(now.tv_sec),
                                            static_cast<std::uint32_t>(now.tv_nsec), size, size};
    std::fwrite(head.data(), sizeof head, 1, file_);
    std::fwrite(packet.data.data(), packet.size, 1, file_);
    std::fflush(file_);
  }

 private:
  std::FILE* file_ = nullptr;
};

void read_all(Direction& direction, nanoseconds one_way, Capture& capture) {
  while (true) {
    Packet packet;
    ssize_t size = read(direction.from, packet.data.data(), packet.data.size());
    if (size <= 0) return;  // nothing more, or the device is down
    packet.due = Clock::now() + one_way;
    packet.size = static_cast<std::size_t>(size);
    if (direction.captured_on_entry) capture.add(packet);
    if (direction.packets.size() < most_packets) direction.packets.push_back(packet);
  }
}

void write_due(Direction& direction, Capture& capture) {
  while (!direction.packets.empty() && direction.packets.front().due <= Clock::now()) {
    const Packet& packet = direction.packets.front();
    if (!direction.captured_on_entry) capture.add(packet);
    if (write(direction.to, packet.data.data(), packet.size) < 0) {
      // the device is down: the packet is lost, as on a cut wire
    }
    direction.packets.pop_front();
  }
}

// How long until the next packet is due; nullopt if none is under way.
std::optional<timespec> time_to_wait(const std::array<Direction, 2>& directions) {
  auto next = Clock::time_point::max();
  for (const Direction& each : directions)
    if (!each.packets.empty()) next = std::min(next, each.packets.front().due);
  if (next == Clock::time_point::max()) return std::nullopt;
  auto left = std::max(nanoseconds(0), nanoseconds(next - Clock::now())).count();
  return timespec{left / 1'000'000'000, left % 1'000'000'000};
}

int signals_to_end() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  return checked(signalfd(-1, &ends, SFD_CLOEXEC), "signalfd");
}

// Exact timers, and priority over other programs on a busy machine if the kernel allows it.
void be_punctual() {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  sched_param first{};
  first.sched_priority = 1;
  sched_setscheduler(0, SCHED_RR, &first);
}

void carry(const Options& options) {
  int end = signals_to_end();
  int a = open_device(options.a), b = open_device(options.b);
  Capture capture(options.capture);
  std::array<Direction, 2> directions{Direction{a, b, false, {}}, Direction{b, a, true, {}}};
  be_punctual();
  std::puts("ready");
  std::fflush(stdout);
  std::array<pollfd, 3> polled{{{a, POLLIN, 0}, {b, POLLIN, 0}, {end, POLLIN, 0}}};
  while (polled[2].revents == 0) {
    auto wait = time_to_wait(directions);
    ppoll(polled.data(), polled.size(), wait ? &*wait : nullptr, nullptr);
    for (Direction& each : directions) {
      write_due(each, capture);
      read_all(each, options.one_way, capture);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    carry(parse(argc, argv));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_delay: %s\n", e.what());
    return 2;
  }
}
