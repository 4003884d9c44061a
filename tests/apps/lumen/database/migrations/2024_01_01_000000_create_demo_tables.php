<?php

declare(strict_types=1);

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Hash;
use Illuminate\Support\Facades\Schema;

/** Users, their notes, and the two people that every page and test knows. */
return new class () extends Migration {
    public function up(): void
    {
        Schema::create('users', static function (Blueprint $table): void {
            $table->id();
            $table->string('name');
            $table->string('email')->unique();
            $table->string('password');
            $table->string('api_token', 80)->nullable()->unique();
            $table->rememberToken();
            $table->timestamps();
        });
        Schema::create('notes', static function (Blueprint $table): void {
            $table->id();
            $table->foreignId('user_id')->nullable()->constrained();
            $table->string('text');
            $table->timestamps();
        });
        foreach (['alice', 'bob'] as $name) {
            DB::table('users')->insert([
                'name' => ucfirst($name),
                'email' => "$name@example.test",
                'password' => Hash::make('secret'),
                'api_token' => "token-$name",
            ]);
        }
    }

    public function down(): void
    {
        Schema::dropIfExists('notes');
        Schema::dropIfExists('users');
    }
};
