#include "milter/mtastsd_asker.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "core/finding.hpp"
#include "core/map_name.hpp"

namespace mtasts {

using std::chrono::milliseconds;
using Level = Log::Level;

namespace {

constexpr std::size_t most_idle = 32;             // connections kept for later questions
constexpr std::size_t most_queued = 1000;         // next hops to prefetch
constexpr std::size_t most_at_once = 8;           // questions of one message under way
constexpr std::chrono::seconds prefetch_wait{2};  // mtastsd answers a prefetch at once, or it is stuck
constexpr std::chrono::seconds connect_wait{2};
constexpr std::chrono::seconds prefetch_again{10};  // a next hop is prefetched once in this time
constexpr milliseconds retry_pause{250};            // while mtastsd may be restarting
constexpr std::string_view probe{"[127.0.0.1]"};  // an address has no policy, so nothing is looked up for it

std::string map_name(Dialect dialect, const std::string& zone) {
  std::string name(words(dialect));
  return zone.empty() ? name : name.append("/").append(zone);
}

// Postfix tries several next hops in turn if they are written as a list, from 3.5 on: "[a.example],
// b.example:587".
std::vector<std::string_view> next_hops_in(std::string_view list) {
  std::vector<std::string_view> parts;
  constexpr std::string_view separators = ", \t";
  for (std::size_t begin = 0;
       (begin = list.find_first_not_of(separators, begin)) != std::string_view::npos;) {
    std::size_t end = std::min(list.find_first_of(separators, begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end;
  }
  if (parts.empty()) parts.push_back(list);
  return parts;
}

// The weakest answer counts, because mail may go to any of the list.
template <class Decide>
PolicyAnswer weakest_of(std::string_view list, Decide decide) {
  auto parts = next_hops_in(list);
  PolicyAnswer weakest = decide(std::string(parts.front()));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    PolicyAnswer next = decide(std::string(parts[i]));
    if (sufficiency_of(next) < sufficiency_of(weakest)) weakest = std::move(next);
  }
  return weakest;
}

Error out_of_time() { return {Fault::timeout, "there was no time left to ask mtastsd"}; }

Error while_away(const std::string& trouble) {
  return {Fault::network, trouble.empty() ? "mtastsd does not answer" : trouble};
}

}  // namespace

MtastsdAsker::MtastsdAsker(AskerSettings settings, Log& log) : log_(log), prefetched_(prefetch_again) {
  use(std::move(settings));
  thread_ = std::thread([this] { run(); });
}

MtastsdAsker::~MtastsdAsker() {
  give_up();
  thread_.join();
}

void MtastsdAsker::give_up() {
  {
    std::scoped_lock hold(mutex_);
    stopping_ = true;
    for (int socket : asking_) ::shutdown(socket, SHUT_RDWR);
  }
  wake_.notify_all();
}

void MtastsdAsker::use(AskerSettings settings) {
  auto maps =
      std::make_shared<const Maps>(Maps{std::move(settings.endpoints), map_name(Dialect::json, settings.zone),
                                        map_name(Dialect::prefetch, settings.zone)});
  std::scoped_lock hold(mutex_);
  maps_ = std::move(maps);
  idle_.clear();  // they may lead elsewhere
  prefetched_ = Lately(prefetch_again);
}

MtastsdAsker::MapsPtr MtastsdAsker::maps() const {
  std::scoped_lock hold(mutex_);
  return maps_;
}

void MtastsdAsker::prefetch(std::string_view next_hop) {
  for (std::string_view each : next_hops_in(next_hop)) prefetch_one(each);
}

void MtastsdAsker::prefetch_one(std::string_view next_hop) {
  auto now = std::chrono::floor<std::chrono::seconds>(Clock::now().time_since_epoch());
  {
    std::scoped_lock hold(mutex_);
    if (!prefetched_.first(std::hash<std::string_view>{}(next_hop), Time(now))) return;
    if (queue_.size() == most_queued) {
      queue_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    queue_.emplace_back(next_hop);
  }
  wake_.notify_one();
}

std::vector<PolicyAnswer> MtastsdAsker::ask(std::span<const std::string> next_hops, milliseconds each,
                                            milliseconds all) {
  std::vector<PolicyAnswer> answers(next_hops.size(), std::unexpected(out_of_time()));
  auto end = Clock::now() + all;
  auto maps = this->maps();
  std::atomic<std::size_t> next{0};
  auto work = [&]() noexcept {
    for (std::size_t i; (i = next.fetch_add(1)) < next_hops.size() && Clock::now() < end;) {
      try {
        auto deadline = std::min(Clock::now() + each, end);
        answers[i] =
            weakest_of(next_hops[i], [&](const std::string& one) { return decision(*maps, one, deadline); });
      } catch (const std::exception&) {  // no memory; the answer stays unknown
      }
    }
  };
  std::vector<std::thread> helpers;
  try {
    while (helpers.size() + 1 < std::min(next_hops.size(), most_at_once)) helpers.emplace_back(work);
  } catch (const std::system_error&) {  // no thread; this one does the rest
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  return answers;
}

std::vector<PolicyAnswer> MtastsdAsker::ask_cached(std::span<const std::string> next_hops, milliseconds all) {
  std::vector<PolicyAnswer> answers;
  auto deadline = Clock::now() + all;
  auto maps = this->maps();
  for (const std::string& each : next_hops) {
    if (Clock::now() < deadline)
      answers.push_back(
          weakest_of(each, [&](const std::string& one) { return cached_decision(*maps, one, deadline); }));
    else
      answers.emplace_back(std::unexpected(out_of_time()));
  }
  return answers;
}

// Waits for mtastsd while it may just be restarting.
PolicyAnswer MtastsdAsker::decision(const Maps& maps, const std::string& next_hop, Deadline deadline) {
  for (;;) {
    auto reply = exchange(maps, maps.json, next_hop, deadline);
    if (reply) {
      auto read = read_json_reply(*reply);
      if (!read && read.error().fault != Fault::timeout) complain(read.error());
      return read;
    }
    bool young = false;
    {
      std::scoped_lock hold(mutex_);
      young = outage_.is_young(Clock::now()) && !stopping_;
    }
    if (!young || Clock::now() + retry_pause >= deadline) return std::unexpected(std::move(reply.error()));
    std::this_thread::sleep_for(retry_pause);
  }
}

PolicyAnswer MtastsdAsker::cached_decision(const Maps& maps, const std::string& next_hop, Deadline deadline) {
  auto state = exchange(maps, maps.prefetch, next_hop, deadline);
  if (!state) return std::unexpected(std::move(state.error()));
  if (*state != "OK cached") return fail(Fault::timeout, "mtastsd has not looked it up yet");
  auto reply = exchange(maps, maps.json, next_hop, deadline);
  if (!reply) return std::unexpected(std::move(reply.error()));
  return read_json_reply(*reply);
}

Result<std::string> MtastsdAsker::exchange(const Maps& maps, std::string_view map, std::string_view key,
                                           Deadline deadline) {
  {
    std::scoped_lock hold(mutex_);
    if (stopping_) return fail(Fault::timeout, "the milter is stopping");
    if (!outage_.may_try(Clock::now())) return std::unexpected(while_away(last_trouble_));
  }
  bool connected = false;
  auto reply = exchange_once(maps, map, key, deadline, connected);
  if (reply) {
    note_answer();
  } else if (!connected && Clock::now() < deadline) {
    note_outage(reply.error());
  } else {
    want_probe();
  }
  return reply;
}

// A kept connection may have been closed by mtastsd meanwhile; then a new one is made.
Result<std::string> MtastsdAsker::exchange_once(const Maps& maps, std::string_view map, std::string_view key,
                                                Deadline deadline, bool& connected) {
  connected = true;
  if (auto kept = take()) {
    auto reply = ask_over(*kept, map, key, deadline);
    if (reply) give_back(*std::move(kept), maps);
    if (reply || reply.error().fault != Fault::network) return reply;
  }
  auto made = SocketmapClient::connect(maps.endpoints, std::min(deadline, Clock::now() + connect_wait));
  connected = made.has_value();
  if (!made) return std::unexpected(std::move(made.error()));
  auto reply = ask_over(*made, map, key, deadline);
  if (reply) give_back(*std::move(made), maps);
  return reply;
}

Result<std::string> MtastsdAsker::ask_over(SocketmapClient& client, std::string_view map,
                                           std::string_view key, Deadline deadline) {
  {
    std::scoped_lock hold(mutex_);
    if (stopping_) return fail(Fault::timeout, "the milter is stopping");
    asking_.push_back(client.descriptor());
  }
  auto reply = client.ask(map, key, deadline);
  std::scoped_lock hold(mutex_);
  std::erase(asking_, client.descriptor());
  return reply;
}

std::optional<SocketmapClient> MtastsdAsker::take() {
  std::scoped_lock hold(mutex_);
  if (idle_.empty()) return std::nullopt;
  auto client = std::move(idle_.back());
  idle_.pop_back();
  return client;
}

void MtastsdAsker::give_back(SocketmapClient client, const Maps& maps) {
  std::scoped_lock hold(mutex_);
  if (idle_.size() < most_idle && &maps == maps_.get()) idle_.push_back(std::move(client));
}

void MtastsdAsker::note_answer() {
  std::unique_lock hold(mutex_);
  if (!outage_.worked()) return;
  hold.unlock();
  wake_.notify_one();
  log_.say(Level::info, "mtastsd", "mtastsd answers again");
}

// A question without an answer says nothing about mtastsd: a lookup may take longer than the asker waits, and
// one connection may break. The thread asks something that mtastsd answers at once.
void MtastsdAsker::want_probe() {
  {
    std::scoped_lock hold(mutex_);
    probe_wanted_ = true;
  }
  wake_.notify_one();
}

void MtastsdAsker::note_outage(const Error& error) {
  std::unique_lock hold(mutex_);
  if (stopping_) return;
  idle_.clear();
  last_trouble_ = error.detail;
  bool log = outage_.failed(Clock::now());
  hold.unlock();
  wake_.notify_one();  // the thread must plan its next attempt
  if (log)
    log_.say(Level::warning, "mtastsd",
             fmt::format("{}; until it answers, nothing is known about next hops: start mtastsd, or check "
                         "[milter] socketmap",
                         printable(error.detail, 300)));
}

// About an answer that no later attempt would change.
void MtastsdAsker::complain(const Error& error) {
  {
    std::scoped_lock hold(mutex_);
    auto now = Clock::now();
    if (complained_ && now - *complained_ < std::chrono::minutes(1)) return;
    complained_ = now;
  }
  log_.say(Level::error, "mtastsd",
           fmt::format("mtastsd can't be asked about next hops: {}; check [milter] zone and socketmap",
                       error.detail));
}

// Tells mtastsd what to look up, and finds out when it is back.
void MtastsdAsker::run() noexcept {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    if (outage_.is_on() && Clock::now() < outage_.next_try()) {
      wake_.wait_until(hold, outage_.next_try());
      continue;
    }
    if (queue_.empty() && !probe_wanted_ && !outage_.is_on()) {
      wake_.wait(hold);
      continue;
    }
    hold.unlock();
    try {
      ask_in_background();
    } catch (const std::exception&) {  // no memory; the next round may have some
      std::this_thread::sleep_for(retry_pause);
    }
    hold.lock();
  }
}

void MtastsdAsker::ask_in_background() {
  std::unique_lock hold(mutex_);
  bool queued = !queue_.empty();
  std::string key = queued ? queue_.front() : std::string(probe);
  probe_wanted_ = false;
  auto maps = maps_;
  hold.unlock();
  auto reply = exchange(*maps, maps->prefetch, key, Clock::now() + prefetch_wait);
  if (!reply) note_outage(reply.error());
  if (reply && reply->starts_with("PERM ")) complain({Fault::config, printable(reply->substr(5), 300)});
  hold.lock();
  if (reply && queued && !queue_.empty() && queue_.front() == key) queue_.pop_front();
}

}  // namespace mtasts
