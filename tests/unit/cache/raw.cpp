#include "tests/unit/cache/raw.hpp"

#include <stdexcept>

namespace mtasts::test::raw {
namespace {

using namespace mtasts::cache;

template <class F>
void in_txn(const std::string& folder, std::size_t map_size, F&& f) {
  MDB_env* raw = nullptr;
  check(mdb_env_create(&raw), "create");
  Env env(raw);
  mdb_env_set_maxdbs(raw, 16);
  check(mdb_env_set_mapsize(raw, map_size), "map size");
  check(mdb_env_open(raw, folder.c_str(), 0, 0600), "open");
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(raw, nullptr, 0, &txn), "begin");
  Txn owner(txn);
  f(txn);
  check(commit(std::move(owner)), "commit");
}

MDB_dbi open(MDB_txn* txn, const std::string& database) {
  MDB_dbi dbi = 0;
  check(mdb_dbi_open(txn, database.c_str(), 0, &dbi), "open database");
  return dbi;
}

constexpr std::size_t usual_map = 1u << 30;

}  // namespace

std::string get(const std::string& folder, const std::string& database, const std::string& key) {
  std::string found;
  in_txn(folder, usual_map, [&](MDB_txn* txn) {
    MDB_val k = to_val(key), value{};
    check(mdb_get(txn, open(txn, database), &k, &value), "get");
    found = to_view(value);
  });
  return found;
}

void put(const std::string& folder, const std::string& database, const std::string& key,
         const std::string& value) {
  in_txn(folder, usual_map, [&](MDB_txn* txn) {
    MDB_val k = to_val(key), v = to_val(value);
    check(mdb_put(txn, open(txn, database), &k, &v, 0), "put");
  });
}

void with_databases(const std::string& folder, const std::function<void(MDB_txn*, const Databases&)>& f) {
  in_txn(folder, usual_map, [&](MDB_txn* txn) {
    auto dbs = open_databases(txn, true, folder);
    if (!dbs) throw std::runtime_error(dbs.error().detail);
    f(txn, *dbs);
  });
}

void make_foreign(const std::string& folder) {
  in_txn(folder, usual_map, [&](MDB_txn* txn) {
    MDB_dbi main = 0;
    check(mdb_dbi_open(txn, nullptr, 0, &main), "main");
    MDB_val k = to_val("somebody"), v = to_val("else");
    check(mdb_put(txn, main, &k, &v, 0), "put");
  });
}

void make_with_map(const std::string& folder, std::size_t map_size) {
  in_txn(folder, map_size, [&](MDB_txn* txn) {
    if (!open_databases(txn, true, folder)) throw std::runtime_error("databases");
  });
}

}  // namespace mtasts::test::raw
