#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "cache/lmdb_cache.hpp"
#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t widest_domain = 40;  // longer names push their line out of the columns
// "2026-02-07 in 119 minutes" and "119 minutes ago" are the longest times.
constexpr std::string_view row_form = "{:<{}}  {:<7}  {:<25}  {:<15}";
constexpr std::size_t rest_of_row = 2 + 7 + 2 + 25 + 2 + 15;
constexpr std::size_t room_for_id = 100;  // a terminal of fewer columns shows no ids

bool wanted(std::string_view domain, const RecordView& record, const ListOptions& options, Time now) {
  if (!options.glob.empty() && fnmatch(options.glob.c_str(), std::string(domain).c_str(), 0) != 0)
    return false;
  if (!record.has_policy) return options.all && options.mode.empty() && !options.expiring;
  if (!options.mode.empty() && words(record.policy.mode) != options.mode) return false;
  if (!options.expiring) return true;
  auto left = expires_at(record.policy, record.fetched_at, now) - now;
  return left > std::chrono::seconds(0) && left <= *options.expiring;
}

std::string expiry(const RecordView& record, Time now) {
  auto at = expires_at(record.policy, record.fetched_at, now);
  if (at <= now) return "expired";
  return fmt::format("{} {}", utc_text(at).substr(0, 10), from_now(at, now));
}

struct Tally {
  std::size_t domain_width = 6, id_width = 2, rows = 0, bad = 0;
};

// The columns of the table: everything in full, unless that does not fit into a terminal.
struct Columns {
  Columns(const Tally& tally, std::size_t width)
      : cut(width > 0),
        with_id(!cut || width >= room_for_id),
        domain(std::min(tally.domain_width, widest_domain)) {
    std::size_t others = rest_of_row + (with_id ? 2 + tally.id_width : 0);
    if (cut) domain = std::min(tally.domain_width, std::max(width, others + 6) - others);
  }

  std::string row(std::string_view name, std::string_view mode, std::string_view expiry,
                  std::string_view fetched, std::string_view id) const {
    std::string shown = whole(name);
    if (cut && shown.size() > domain) shown.replace(domain - 2, std::string::npos, "..");
    auto text = fmt::format(row_form, shown, domain, mode, expiry, fetched);
    if (with_id) text += "  " + whole(id);
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

  bool cut, with_id;
  std::size_t domain;
};

std::string row(const Columns& columns, std::string_view domain, const RecordView& record, Time now) {
  if (!record.has_policy) return columns.row(domain, "-", state_code(record.state), "-", "-");
  return columns.row(domain, words(record.policy.mode), expiry(record, now), from_now(record.fetched_at, now),
                     record.id);
}

boost::json::object object(std::string_view domain, const RecordView& record, Time now) {
  boost::json::object fields{{"domain", to_json(domain)},
                             {"mode", nullptr},
                             {"expires", nullptr},
                             {"fetched", nullptr},
                             {"id", nullptr},
                             {"max_age", nullptr},
                             {"state", to_json(state_code(record.state))},
                             {"next_check", time_or_null(record.next_check)}};
  if (!record.has_policy) return fields;
  fields["mode"] = to_json(words(record.policy.mode));
  fields["expires"] = time_or_null(expires_at(record.policy, record.fetched_at, now));
  fields["fetched"] = time_or_null(record.fetched_at);
  fields["id"] = to_json(record.id);
  fields["max_age"] = record.policy.max_age;
  return fields;
}

// f(domain, record) for each record that is wanted. The cache is walked, never copied: it may hold millions.
template <class F>
Result<Tally> for_each_wanted(LmdbCache& cache, const ListOptions& options, Time now, F f) {
  Tally tally;
  auto walked = cache.walk([&](std::string_view domain, Result<RecordView> record) {
    if (!record) {
      ++tally.bad;
    } else if (wanted(domain, *record, options, now)) {
      tally.domain_width = std::max(tally.domain_width, domain.size());
      tally.id_width = std::max(tally.id_width, record->id.size());
      ++tally.rows;
      f(domain, *record);
    }
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  return tally;
}

// A JSON array with a line for each object, so that long lists can be read line by line.
Result<Tally> print_json(LmdbCache& cache, const ListOptions& options, Time now, const Terminal& terminal) {
  const char* separator = "[\n";
  auto tally = for_each_wanted(cache, options, now, [&](std::string_view domain, const RecordView& record) {
    terminal.out << separator << ascii_json(object(domain, record, now));
    separator = ",\n";
  });
  if (tally) terminal.out << (tally->rows == 0 ? "[]\n" : "\n]\n");
  return tally;
}

Result<Tally> print_text(LmdbCache& cache, const ListOptions& options, Time now, const Terminal& terminal) {
  auto tally = for_each_wanted(cache, options, now, [](std::string_view, const RecordView&) {});
  if (!tally) return tally;
  if (tally->rows == 0) {
    terminal.print("nothing in the cache is asked for by this");
    return tally;
  }
  Columns columns(*tally, terminal.width);
  terminal.print(terminal.paint(Colour::faint, columns.row("DOMAIN", "MODE", "EXPIRES", "FETCHED", "ID")));
  return for_each_wanted(cache, options, now, [&](std::string_view domain, const RecordView& record) {
    terminal.print(row(columns, domain, record, now));
  });
}

}  // namespace

int list(LmdbCache& cache, const ListOptions& options, Time now, const Terminal& terminal) {
  auto tally =
      terminal.json ? print_json(cache, options, now, terminal) : print_text(cache, options, now, terminal);
  if (!tally) return terminal.trouble(whole(tally.error().detail));
  if (tally->bad > 0)
    terminal.err << fmt::format(
        "mtastsctl: {} damaged record{} left out; mtastsd looks these domains up again\n", tally->bad,
        tally->bad == 1 ? "" : "s");
  return exit_ok;
}

}  // namespace mtasts
