<?php

declare(strict_types=1);

return 'not a callable';
