<?php
// framework = callable: every request runs the case named by its path, as FPM would run a script of that name.
require __DIR__ . '/dispatch.php';

return function () {
    run_case();
};
