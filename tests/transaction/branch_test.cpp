#include <parley/transaction/branch.hpp>
#include <parley/transaction/key.hpp>

#include "support/catch.hpp"

#include <string>

using parley::transaction::branch_format;

TEST_CASE("a branch reads as it was written") {
  const branch_format::fields cases[] = {
      {},
      {1, 0x0123456789abcdefU, 0x89abcdefU},
      {65535, 0xffffffffffffffffU, 0xffffffffU},
  };
  for (const auto& fields : cases) {
    const auto written = branch_format::write(fields);
    CHECK(parley::transaction::is_rfc3261_branch(written.text()));
    const auto read = branch_format::read(written.text());
    REQUIRE(read.has_value());
    CHECK(read->shard == fields.shard);
    CHECK(read->number == fields.number);
    CHECK(read->mark == fields.mark);
  }
  CHECK(branch_format::write(cases[1]).text() == "z9hG4bK-1-0123456789abcdef-89abcdef");
}

TEST_CASE("a branch reads in any case") {
  const auto read = branch_format::read("Z9HG4BK-1-0123456789ABCDEF-89ABCDEF");
  REQUIRE(read.has_value());
  CHECK(read->number == 0x0123456789abcdefU);
}

TEST_CASE("somebody else's branch is none of this library's") {
  for (const char* const text :
       {"", "z9hG4bK", "z9hG4bK-", "z9hG4bK-1", "z9hG4bK-1-", "z9hG4bK-1-0123456789abcdef",
        "z9hG4bK-1-0123456789abcdef-", "z9hG4bK-1-0123456789abcdef-89abcde",
        "z9hG4bK-1-0123456789abcdef-89abcdef0", "z9hG4bK-1-0123456789abcdef-89abcdef-",
        "z9hG4bK-1-123456789abcdef-89abcdef", "z9hG4bK-1-0123456789abcdeg-89abcdef",
        "z9hG4bK-65536-0123456789abcdef-89abcdef", "z9hG4bK--1-0123456789abcdef-89abcdef",
        "z9hG4bK-x-0123456789abcdef-89abcdef", "z9hG4bK1-0123456789abcdef-89abcdef",
        "x-1-0123456789abcdef-89abcdef"}) {
    INFO(text);
    CHECK_FALSE(branch_format::read(text).has_value());
  }
}

TEST_CASE("a tag is sixteen hexadecimal digits") {
  CHECK(branch_format::write_tag(0).text() == "0000000000000000");
  CHECK(branch_format::write_tag(0xfedcba9876543210U).text() == "fedcba9876543210");
}
