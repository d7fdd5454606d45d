// As precompiled.hpp, for the tests over sockets.
#include <parley/net/transport_set.hpp>

#include "precompiled.hpp"

#include <boost/asio.hpp>
