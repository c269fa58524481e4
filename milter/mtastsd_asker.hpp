// mtastsd_asker - asks mtastsd over its socketmap, on connections that are kept for the next question.
//
// Any thread may ask. If mtastsd can't be reached or is silent, questions are answered at once as not known,
// and it is tried again after a pause (milter/outage.hpp).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/endpoint.hpp"
#include "milter/asker.hpp"
#include "milter/outage.hpp"
#include "service/client/socketmap_client.hpp"
#include "service/lately.hpp"
#include "service/log.hpp"

namespace mtasts {

struct AskerSettings {
  std::vector<Endpoint> endpoints;  // of mtastsd's socketmap, tried in order; not empty
  std::string zone;                 // [milter] zone; empty: none
};

class MtastsdAsker final : public Asker {
 public:
  // log must outlive this. Starts a thread for what is prefetched.
  MtastsdAsker(AskerSettings settings, Log& log);
  ~MtastsdAsker() override;
  MtastsdAsker(const MtastsdAsker&) = delete;
  MtastsdAsker& operator=(const MtastsdAsker&) = delete;

  void use(AskerSettings settings);  // from now on, after a reload

  // Ends all waits: from now on nothing is known. Any thread.
  void give_up();

  void prefetch(std::string_view next_hop) override;
  std::vector<PolicyAnswer> ask(std::span<const std::string> next_hops, std::chrono::milliseconds each,
                                std::chrono::milliseconds all) override;
  std::vector<PolicyAnswer> ask_cached(std::span<const std::string> next_hops,
                                       std::chrono::milliseconds all) override;

  // How many prefetches were dropped because too many waited.
  std::size_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  using Deadline = SocketmapClient::Deadline;
  struct Maps {
    std::vector<Endpoint> endpoints;
    std::string json, prefetch;  // map names
  };
  using MapsPtr = std::shared_ptr<const Maps>;

  MapsPtr maps() const;
  PolicyAnswer decision(const Maps& maps, const std::string& next_hop, Deadline deadline);
  PolicyAnswer cached_decision(const Maps& maps, const std::string& next_hop, Deadline deadline);
  Result<std::string> exchange(const Maps& maps, std::string_view map, std::string_view key,
                               Deadline deadline);
  Result<std::string> exchange_once(const Maps& maps, std::string_view map, std::string_view key,
                                    Deadline deadline, bool& connected);
  Result<std::string> ask_over(SocketmapClient& client, std::string_view map, std::string_view key,
                               Deadline deadline);
  std::optional<SocketmapClient> take();
  void give_back(SocketmapClient client, const Maps& maps);
  void prefetch_one(std::string_view next_hop);
  void note_answer();
  void note_outage(const Error& error);
  void want_probe();
  void complain(const Error& error);
  void run() noexcept;
  void ask_in_background();

  Log& log_;
  mutable std::mutex mutex_;  // guards what follows; never held while asking
  MapsPtr maps_;
  std::vector<SocketmapClient> idle_;
  std::vector<int> asking_;  // the sockets of the questions under way
  Outage outage_;
  std::string last_trouble_;  // why the last attempt failed
  std::optional<Clock::time_point> complained_;
  std::deque<std::string> queue_;
  Lately prefetched_;
  bool probe_wanted_ = false;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::atomic<std::size_t> dropped_{0};
  std::thread thread_;
};

}  // namespace mtasts
