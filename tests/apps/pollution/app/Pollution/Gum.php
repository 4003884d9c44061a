<?php

declare(strict_types=1);

namespace App\Pollution;

class Gum
{
    use Sticky;
}
