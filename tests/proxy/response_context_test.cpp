#include <parley/proxy/response_context.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace parley;
using proxy::response_context;
using state = response_context::branch_state;
using verdict = response_context::verdict;
using transaction::client_id;

namespace {

struct fixture {
  base::buffer_pool pool;
  base::packet_buffer data = pool.copy("x").value();
  response_context context;

  response_context::branch& branch(std::uint64_t id) {
    if (context.find(client_id{id}) == nullptr) context.add_branch(client_id{id});
    return *context.find(client_id{id});
  }
  verdict respond(std::uint64_t id, int status) { return context.handle_response(branch(id), status, data); }
  int best() const { return context.best() == nullptr ? 0 : context.best()->status; }
};

}  // namespace

TEST_CASE("a branch goes through its states", "[proxy]") {
  fixture f;
  f.context.add_branch(client_id{1});
  CHECK(f.context.has_pending());
  CHECK(f.context.best() == nullptr);
  CHECK(f.context.find(client_id{2}) == nullptr);
  CHECK(f.context.find(client_id::none) == nullptr);
  CHECK(f.branch(1).state == state::trying);
  CHECK(f.respond(1, 100) == verdict::absorb);
  CHECK(f.branch(1).state == state::proceeding);
  CHECK(f.respond(1, 180) == verdict::forward);
  CHECK(f.respond(1, 199) == verdict::forward);
  CHECK(f.context.has_pending());
  CHECK(f.respond(1, 486) == verdict::absorb);
  CHECK(f.branch(1).state == state::ended);
  CHECK_FALSE(f.context.has_pending());
  CHECK_FALSE(f.context.is_decided());
  CHECK(f.respond(1, 180) == verdict::absorb);
  CHECK(f.best() == 486);
  CHECK(f.context.best()->response);
}

TEST_CASE("2xx and 6xx decide, and a 2xx is forwarded whenever it comes", "[proxy]") {
  fixture f;
  f.branch(1);
  f.branch(2);
  SECTION("2xx") {
    CHECK(f.respond(1, 200) == verdict::forward);
    CHECK(f.context.is_decided());
    CHECK(f.context.has_success());
    CHECK(f.context.has_pending());
    CHECK(f.respond(2, 200) == verdict::forward);
    CHECK(f.respond(1, 200) == verdict::forward);
    CHECK(f.context.best() == nullptr);
    CHECK_FALSE(f.branch(1).response);
  }
  SECTION("6xx") {
    CHECK(f.respond(1, 603) == verdict::absorb);
    CHECK(f.context.is_decided());
    CHECK_FALSE(f.context.has_success());
    CHECK(f.respond(2, 487) == verdict::absorb);
    CHECK(f.best() == 603);
  }
  SECTION("2xx behind a failure of ours") {
    f.context.handle_failure(f.branch(1), 408);
    CHECK(f.respond(1, 200) == verdict::forward);
    CHECK(f.context.has_success());
  }
}

TEST_CASE("the best response is chosen as RFC 3261 16.7.6 says", "[proxy]") {
  struct row {
    std::vector<int> came;  // negative ones are failures of ours
    int best;
  };
  const std::vector<row> table = {
      {{486}, 486},        {{486, 302}, 302},      {{500, 404}, 404},    {{600, 302}, 600},
      {{404, 401}, 401},   {{404, 407}, 407},      {{486, 415}, 415},    {{480, 420}, 420},
      {{403, 484}, 484},   {{401, 404, 603}, 603}, {{408, 404}, 404},    {{503, 500}, 500},
      {{503, 502}, 502},   {{-408, 404}, 404},     {{-408, 408}, 408},   {{-503, 408}, 408},
      {{-408, 500}, -408}, {{-503, 503}, 503},     {{404, 486}, 404},    {{305, 302}, 305},
      {{-503, 480}, 480},  {{200, 404}, 404},      {{-404, -416}, -404},
  };
  for (const row& r : table) {
    CAPTURE(r.came, r.best);
    fixture f;
    std::uint64_t id = 0;
    for (const int status : r.came) {
      ++id;
      if (status > 0) {
        f.respond(id, status);
      } else {
        f.context.handle_failure(f.branch(id), -status);
      }
    }
    REQUIRE(f.context.best() != nullptr);
    CHECK(f.best() == std::abs(r.best));
    CHECK(static_cast<bool>(f.context.best()->response) == (r.best > 0));
  }
}

TEST_CASE("what could not be tried counts, what was replaced does not", "[proxy]") {
  fixture f;
  f.context.add_failure(404);
  CHECK_FALSE(f.context.has_pending());
  CHECK(f.best() == 404);
  f.respond(7, 503);
  f.context.set_aside(f.branch(7));
  CHECK_FALSE(f.branch(7).response);
  CHECK(f.best() == 404);
  f.context.handle_failure(f.branch(7), 408);
  CHECK(f.branch(7).status == 0);
}
