<?php

declare(strict_types=1);

return ['currency' => 'EUR', 'limits' => ['notes' => 10]];
