#include <parley/sdp/direction.hpp>

#include "support/catch.hpp"

using namespace parley::sdp;

TEST_CASE("RFC 8866 6.7: directions and their names", "[sdp]") {
  for (const direction d :
       {direction::inactive, direction::sendonly, direction::recvonly, direction::sendrecv}) {
    CHECK((direction_from(name_of(d)) == d));
    CHECK((make_direction(sends(d), receives(d)) == d));
    CHECK((reversed(reversed(d)) == d));
  }
  CHECK(name_of(direction::recvonly) == "recvonly");
  CHECK_FALSE(direction_from("SendRecv").has_value());
  CHECK_FALSE(direction_from("").has_value());
}

TEST_CASE("RFC 3264 6.1: what one sends the other receives", "[sdp]") {
  CHECK((reversed(direction::sendonly) == direction::recvonly));
  CHECK((reversed(direction::inactive) == direction::inactive));
  CHECK(((direction::sendonly & reversed(direction::sendonly)) == direction::inactive));
  CHECK(((direction::sendrecv & direction::recvonly) == direction::recvonly));
}
