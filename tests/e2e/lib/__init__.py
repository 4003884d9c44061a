"""What the end-to-end tests share: processes, daemons, HTTP on raw sockets, a real nginx and php-fpm."""
