<?php
// The same under php-fpm, behind nginx.
require __DIR__ . '/dispatch.php';
run_case();
