// decide_facts - what decide() is told about a policy domain, in a line.
#pragma once

#include <span>

#include "core/decide.hpp"

namespace mtasts::facts {

// state must outlive the view.
inline RecordView with_dane(RecordView record, const DaneState& state) {
  record.dane_states = std::span(&state, 1);
  return record;
}

inline RecordView with_policy(const PolicyView& policy, Time fetched_at) {
  RecordView record;
  record.has_policy = true;
  record.policy = policy;
  record.id = "1";
  record.fetched_at = fetched_at;
  record.state = StsState::current;
  return record;
}

}  // namespace mtasts::facts
