// raw - reaches into a closed cache with plain LMDB, to damage it on purpose.
#pragma once

#include <lmdb.h>

#include <functional>
#include <string>

#include "cache/databases.hpp"

namespace mtasts::test::raw {

std::string get(const std::string& folder, const std::string& database, const std::string& key);
void put(const std::string& folder, const std::string& database, const std::string& key,
         const std::string& value);

// Runs f in a write transaction with all databases open.
void with_databases(const std::string& folder,
                    const std::function<void(MDB_txn*, const cache::Databases&)>& f);

// A file of another program: a plain key in the main database.
void make_foreign(const std::string& folder);

// An empty cache whose map has that size, which mtastsd would not make.
void make_with_map(const std::string& folder, std::size_t map_size);

}  // namespace mtasts::test::raw
