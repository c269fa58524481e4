#include "cache/condition_keeper.hpp"

namespace mtasts::cache {
namespace {

constexpr std::chrono::seconds patience{5};  // a commit that takes longer counts as waiting

void begin_trouble(std::optional<CacheTrouble>& trouble, std::string why, Time now) {
  if (!trouble) trouble = CacheTrouble{now, {}};
  trouble->why = std::move(why);
}

}  // namespace

void ConditionKeeper::begin(const char* doing, Time now) {
  std::scoped_lock hold(mutex_);
  doing_ = doing;
  doing_since_ = now;
  doing_from_ = Steady::now();
}

void ConditionKeeper::end() {
  std::scoped_lock hold(mutex_);
  doing_ = nullptr;
}

void ConditionKeeper::commit_failed(std::string why, Time now) {
  std::scoped_lock hold(mutex_);
  begin_trouble(condition_.commits_fail, std::move(why), now);
}

void ConditionKeeper::committed() {
  std::scoped_lock hold(mutex_);
  condition_.commits_fail.reset();
}

void ConditionKeeper::must_restart(std::string why, Time now) {
  std::scoped_lock hold(mutex_);
  begin_trouble(condition_.must_restart, std::move(why), now);
}

void ConditionKeeper::damaged(std::uint64_t lost, std::uint64_t salvaged, std::string set_aside, Time now) {
  std::scoped_lock hold(mutex_);
  condition_.lost += lost;
  condition_.salvaged += salvaged;
  condition_.damaged_at = now;
  if (!set_aside.empty()) condition_.set_aside = std::move(set_aside);
}

void ConditionKeeper::readers(std::vector<HeldReader> held) {
  std::scoped_lock hold(mutex_);
  condition_.held_readers = std::move(held);
}

CacheCondition ConditionKeeper::now() const {
  std::scoped_lock hold(mutex_);
  CacheCondition copy = condition_;
  if (doing_ != nullptr && Steady::now() - doing_from_ >= patience)
    copy.writer_waits = CacheTrouble{doing_since_, doing_};
  return copy;
}

}  // namespace mtasts::cache
