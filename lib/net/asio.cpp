// Every function of Boost.Asio that is no template, compiled once for all programs that link this room.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
