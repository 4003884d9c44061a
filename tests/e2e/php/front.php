<?php
// public/index.php of the comparison with php-fpm: there it runs the case, here it is the entry of framework = callable.
require dirname(__DIR__) . '/dispatch.php';

if (PHP_SAPI === 'fpm-fcgi') {
    run_case();

    return;
}

return function () {
    run_case();
};
